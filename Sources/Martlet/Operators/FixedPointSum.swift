import CShim

/// What Add and Subtract share when they compute in fixed point.
extension Step {
  /// Without a shift, two float factors; with one, two whole numbers up to 2^21, so that no sum overflows:
  /// 2 · 255 · 2^21 + 2^29 < 2^31.
  func requireSumFactors<Parameter: RawRepresentable>(
    _ a: Parameter, _ b: Parameter, shift: Parameter
  ) throws(Fault) where Parameter.RawValue == Int {
    if integer(shift) == 0 {
      try requireFactor(a, atMost: 1_048_576)
      try requireFactor(b, atMost: 1_048_576)
      return
    }
    guard (13...30).contains(integer(shift)) else { throw fault(parameter: shift) }
    guard (0...1 << 21).contains(integer(a)) else { throw fault(.factor, a.rawValue) }
    guard (0...1 << 21).contains(integer(b)) else { throw fault(.factor, b.rawValue) }
  }

  /// The output rows `rows` of a + sign · b in fixed point.
  func addInFixedPoint<Parameter: RawRepresentable>(
    _ a: Parameter, _ b: Parameter, sign: Int32, shift: Parameter, output rule: martlet_output, rows: Range<Int32>,
    kernels: UnsafePointer<martlet_kernels>
  ) where Parameter.RawValue == Int {
    var sum = martlet_fixed_addition(
      zero_point_a: storedInputZeroPoint(0), zero_point_b: storedInputZeroPoint(1), multiplier_a: integer(a),
      multiplier_b: sign * integer(b), shift: integer(shift), output: rule)
    var left = inputRows(0)
    var right = inputRows(1)
    var result = outputRows
    martlet_add_fixed_rows(kernels, &sum, &left, &right, &result, rows.lowerBound, rows.upperBound)
  }
}

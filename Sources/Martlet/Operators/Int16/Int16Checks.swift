import CShim

/// What operators of int16 tensors verify in the same words.
extension Step {
  /// −32768 ≤ low ≤ high ≤ 32767.
  func requireInt16Clamp<Parameter: RawRepresentable>(low: Parameter, high: Parameter) throws(Fault)
  where Parameter.RawValue == Int {
    guard integer(low) >= -32768 else { throw fault(parameter: low) }
    guard integer(high) <= 32767, integer(low) <= integer(high) else { throw fault(parameter: high) }
  }

  /// The output rule for clamp parameters of int16; the zero point is 0.
  func int16OutputRule<Parameter: RawRepresentable>(low: Parameter, high: Parameter) -> martlet_output
  where Parameter.RawValue == Int {
    martlet_output(zero_point: 0, low: integer(low), high: integer(high))
  }

  /// A multiplier in 0…2³¹ − 1 and a shift in 1…62.
  func requireFactor<Parameter: RawRepresentable>(multiplier: Parameter, shift: Parameter) throws(Fault)
  where Parameter.RawValue == Int {
    guard integer(multiplier) >= 0 else { throw fault(parameter: multiplier) }
    guard (1...62).contains(integer(shift)) else { throw fault(parameter: shift) }
  }

  /// The factor multiplier · 2^−shift.
  func factor<Parameter: RawRepresentable>(multiplier: Parameter, shift: Parameter) -> martlet_factor
  where Parameter.RawValue == Int {
    martlet_factor(multiplier: integer(multiplier), shift: integer(shift))
  }

  /// No accumulator and no product with its factor can overflow (`martlet_int16_channel_fits`).
  func requireInt16Factors(blocks: Int64, taps: Int64) throws(Fault) {
    guard let channels else { throw fault(.constant, 1) }
    for block in 0..<Int(truncatingIfNeeded: blocks) {
      for lane in 0..<16
      where martlet_int16_channel_fits(channels + block, Int32(truncatingIfNeeded: lane), taps) == 0 {
        throw fault(.factor, block * 16 + lane)
      }
    }
  }

  /// The table as 16-bit numbers.
  var wordTable: UnsafePointer<UInt16>? { table.map { UnsafeRawPointer($0).assumingMemoryBound(to: UInt16.self) } }
}

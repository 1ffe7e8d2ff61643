import CShim

/// Another height and width, by the nearest pixel or by mixing four. Input [H, W, C], output [OH, OW, C], same
/// quantization.
///
/// The table holds Int32: nearest, an input row for each output row and an input column for each output column; linear,
/// three numbers each (see `martlet_resize_linear_rows`).
public enum Resize: Operator {
  /// 19 in the file.
  public static var code: UInt32 { 19 }
  /// The name in reports.
  public static var kind: StaticString { "Resize" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// 0 nearest, 1 linear.
    case linear
  }

  /// Parameters, shapes and constants agree, and every index lies in the input.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.linear.rawValue + 1)
    let linear = step.integer(Parameter.linear)
    guard (0...1).contains(linear) else { throw step.fault(parameter: Parameter.linear) }
    let input = step.input(0)
    let output = step.output
    guard input.channels == output.channels,
      Wide.product(4 * Wide.of(input.width), Wide.of(input.channels)) <= Wide.of(Limits.arenaBytes)
    else { throw step.fault(.operand, 0) }
    let numbers = linear == 1 ? 3 : 1
    try step.requireConstants(table: 4 * Wide.of(numbers) * (Wide.of(output.height) + Wide.of(output.width)))
    guard let table = indices(step) else { throw step.fault(.constant, 2) }
    try verify(step, table, count: Int(output.height), numbers, extent: input.height)
    try verify(step, table + Int(output.height) * numbers, count: Int(output.width), numbers, extent: input.width)
    try step.requireSameQuantization()
  }

  private static func verify(
    _ step: borrowing Step, _ table: UnsafePointer<Int32>, count: Int, _ numbers: Int, extent: Int32
  ) throws(Fault) {
    for position in 0..<count {
      let tap = table + position * numbers
      guard tap[0] >= 0, tap[0] < extent else { throw step.fault(.factor, position) }
      guard numbers == 3 else { continue }
      guard tap[1] >= 0, tap[1] < extent, tap[2] >= 0, tap[2] <= 2048 else { throw step.fault(.factor, position) }
    }
  }

  /// Linear: a row of the input as Int32.
  public static func scratchBytes(_ step: borrowing Step) -> Int {
    step.integer(Parameter.linear) == 1 ? 4 * Int(step.input(0).width) * Int(step.input(0).channels) : 0
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var input = step.inputRows(0)
    var output = step.outputRows
    if step.integer(Parameter.linear) == 1 {
      martlet_resize_linear_rows(indices(step), &input, &output, rows.lowerBound, rows.upperBound, step.scratch)
    } else {
      martlet_resize_nearest_rows(indices(step), &input, &output, rows.lowerBound, rows.upperBound)
    }
  }

  private static func indices(_ step: borrowing Step) -> UnsafePointer<Int32>? {
    step.table.map { UnsafeRawPointer($0).assumingMemoryBound(to: Int32.self) }
  }
}

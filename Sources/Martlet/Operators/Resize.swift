import CShim

/// Another height and width, by the nearest pixel or by mixing four or sixteen. Input [H, W, C], output [OH, OW, C], same
/// quantization. Rows and columns that are added from the image itself (a reflected border) are a Resize, too.
///
/// The table holds Int32: nearest, an input row for each output row and an input column for each output column; linear,
/// three numbers each (see `martlet_resize_linear_rows`); cubic, eight (see `martlet_resize_cubic_rows`).
public enum Resize: Operator {
  /// 19 in the file.
  public static var code: UInt32 { 19 }
  /// The name in reports.
  public static var kind: StaticString { "Resize" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// 0 nearest, 1 linear, 2 cubic.
    case sampling
  }

  /// Parameters, shapes and constants agree, and every index lies in the input.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.sampling.rawValue + 1)
    let sampling = step.integer(Parameter.sampling)
    guard (0...2).contains(sampling) else { throw step.fault(parameter: Parameter.sampling) }
    let input = step.input(0)
    let output = step.output
    guard input.channels == output.channels,
      Wide.product(4 * Wide.of(input.width), Wide.of(input.channels)) <= Wide.of(Limits.arenaBytes)
    else { throw step.fault(.operand, 0) }
    let numbers = sampling == 0 ? 1 : sampling == 1 ? 3 : 8
    try step.requireConstants(table: 4 * Wide.of(numbers) * (Wide.of(output.height) + Wide.of(output.width)))
    guard let table = step.tableIntegers else { throw step.fault(.constant, 2) }
    try verify(step, table, count: Int(output.height), numbers, extent: input.height)
    try verify(step, table + Int(output.height) * numbers, count: Int(output.width), numbers, extent: input.width)
    try step.requireSameQuantization()
  }

  private static func verify(
    _ step: borrowing Step, _ table: UnsafePointer<Int32>, count: Int, _ numbers: Int, extent: Int32
  ) throws(Fault) {
    for position in 0..<count {
      let tap = table + position * numbers
      for index in 0..<(numbers + 1) / 2 where tap[index] < 0 || tap[index] >= extent {
        throw step.fault(.factor, position)
      }
      if numbers == 3, tap[2] < 0 || tap[2] > 2048 { throw step.fault(.factor, position) }
      if numbers == 8, !areWeights(tap + 4) { throw step.fault(.factor, position) }
    }
  }

  /// Four weights that add up to 1, and so small that no sum of 32 bits overflows.
  private static func areWeights(_ weights: UnsafePointer<Int32>) -> Bool {
    var sum = Wide.of(0)
    var magnitudes = Wide.of(0)
    for index in 0..<4 {
      sum += Wide.of(weights[index])
      magnitudes += weights[index] < 0 ? -Wide.of(weights[index]) : Wide.of(weights[index])
    }
    return sum == 2048 && magnitudes <= 4092
  }

  /// Where pixels are mixed: a row of the input as Int32.
  public static func scratchBytes(_ step: borrowing Step) -> Int {
    step.integer(Parameter.sampling) == 0 ? 0 : 4 * Int(step.input(0).width) * Int(step.input(0).channels)
  }

  /// From the first to the last that the table names.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    guard let table = step.tableIntegers else { return 0..<step.input(0).height }
    let sampling = step.integer(Parameter.sampling)
    let numbers = sampling == 0 ? 1 : sampling == 1 ? 3 : 8
    var first = Int32.max
    var last: Int32 = 0
    for row in Int(rows.lowerBound)..<Int(rows.upperBound) {
      for tap in 0..<(numbers + 1) / 2 {
        first = min(first, table[row * numbers + tap])
        last = max(last, table[row * numbers + tap])
      }
    }
    return first..<last + 1
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var input = step.inputRows(0)
    var output = step.outputRows
    switch step.integer(Parameter.sampling) {
    case 0: martlet_resize_nearest_rows(step.tableIntegers, &input, &output, rows.lowerBound, rows.upperBound)
    case 1:
      martlet_resize_linear_rows(step.tableIntegers, &input, &output, rows.lowerBound, rows.upperBound, step.scratch)
    default:
      martlet_resize_cubic_rows(step.tableIntegers, &input, &output, rows.lowerBound, rows.upperBound, step.scratch)
    }
  }
}

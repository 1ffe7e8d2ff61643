import CShim

/// Softmax over the channels of each pixel, by a table of 256 exponentials. Output: scale 1/256, zero point −128.
public enum Softmax: Operator {
  /// 9 in the file.
  public static var code: UInt32 { 9 }
  /// The name in reports.
  public static var kind: StaticString { "Softmax" }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: 0)
    guard step.input(0).hasShape(of: step.output) else { throw step.fault(.operand, 0) }
    guard step.output.scale == 1 / 256, step.output.zeroPoint == -128 else { throw step.fault(.quantization) }
    try step.requireConstants(table: 1024)
    try step.requireExponentials()
    guard let table = step.tableIntegers, table[0] > 0 else { throw step.fault(.factor, 0) }
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// The same rows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    rows
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_softmax_rows(step.tableIntegers, &input, &output, rows.lowerBound, rows.upperBound)
  }
}

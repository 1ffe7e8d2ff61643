import CShim

/// A function of one value as a table of 256 stored bytes; also every change of quantization. Input and output have one
/// shape.
public enum Activation: Operator {
  /// 8 in the file.
  public static var code: UInt32 { 8 }
  /// The name in reports.
  public static var kind: StaticString { "Activation" }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: 0)
    guard step.input(0).hasShape(of: step.output) else { throw step.fault(.operand, 0) }
    try step.requireConstants(table: 256)
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// True.
  public static func worksInPlace(input: Int) -> Bool { true }

  /// The same rows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    rows
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_look_up_rows(kernels, step.table, &input, &output, rows.lowerBound, rows.upperBound)
  }
}

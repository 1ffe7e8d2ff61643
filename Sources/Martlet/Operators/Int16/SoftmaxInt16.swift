import CShim

/// Softmax over the channels of each pixel with results of sixteen bits, by two tables of 256 exponentials.
/// Input int8 or int16; output int16 of scale 2^−15 and zero point 0, or of scale 2^−16 and zero point −32768. (Scales may
/// be off by a thousandth: some files have 1/32767 and 1/65535.)
public enum SoftmaxInt16: Operator {
  /// 47 in the file.
  public static var code: UInt32 { 47 }
  /// The name in reports.
  public static var kind: StaticString { "SoftmaxInt16" }

  /// int8 or int16 in, int16 out.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) {
    guard step.inputCount > 0 else { throw step.fault(.operand, 0) }
    let isNarrow = step.input(0).element == .int8
    try step.requireElements(inputs: isNarrow ? .int8 : .int16, output: .int16)
  }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: 0)
    let output = step.output
    guard step.input(0).hasShape(of: output) else { throw step.fault(.operand, 0) }
    let steps: Float = output.zeroPoint == 0 ? 32768 : 65536
    guard output.zeroPoint == 0 || output.zeroPoint == -32768, abs(output.scale * steps - 1) < 0.001 else {
      throw step.fault(.quantization)
    }
    try step.requireConstants(table: 2048)
    guard let table = exponentials(step), table[0] >= 1 << 30, table[256] >= 1 << 30 else {
      throw step.fault(.factor, 0)
    }
    for distance in 1..<512 where table[distance] < 0 { throw step.fault(.factor, distance) }
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// The same rows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    rows
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    let isSigned = step.output.zeroPoint == 0
    var rule = martlet_int16_softmax(
      exponentials: exponentials(step), input_bytes: step.input(0).elementBytes, steps: isSigned ? 32768 : 65536,
      largest: isSigned ? 32767 : 65535, offset: isSigned ? 0 : -32768)
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_int16_softmax_rows(&rule, &input, &output, rows.lowerBound, rows.upperBound)
  }

  private static func exponentials(_ step: borrowing Step) -> UnsafePointer<Int32>? {
    step.table.map { UnsafeRawPointer($0).assumingMemoryBound(to: Int32.self) }
  }
}

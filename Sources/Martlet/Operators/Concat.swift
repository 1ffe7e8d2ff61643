import CShim

/// Tensors one after the other along an axis; an input of another quantization goes through a table.
/// Table: nothing, or 256 bytes for each input; int16 inputs must have the output's quantization.
public enum Concat: Operator {
  /// 10 in the file.
  public static var code: UInt32 { 10 }
  /// The name in reports.
  public static var kind: StaticString { "Concat" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// 0 height, 1 width, 2 channels.
    case axis
  }

  /// int8, or int16 throughout.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) { try step.requireElementsOfOneKind() }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...Limits.inputsPerOperator)
    try step.requireParameters(count: Parameter.axis.rawValue + 1)
    let axis = step.integer(Parameter.axis)
    guard (0...2).contains(axis) else { throw step.fault(parameter: Parameter.axis) }
    let output = step.output
    var length: Int64 = 0
    for position in 0..<step.inputCount {
      let input = step.input(position)
      guard axis == 0 || input.height == output.height, axis == 1 || input.width == output.width,
        axis == 2 || input.channels == output.channels
      else { throw step.fault(.operand, position) }
      length += Wide.of(size(input, axis))
    }
    guard length == Wide.of(size(output, axis)) else { throw step.fault(parameter: Parameter.axis) }
    guard step.hasTable, output.element == .int8 else {
      for position in 0..<step.inputCount { try step.requireSameQuantization(position) }
      return try step.requireConstants()
    }
    try step.requireConstants(table: Wide.of(step.inputCount * 256))
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// The same rows, or along the height those that the input gives.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    guard step.integer(Parameter.axis) == 0 else { return rows }
    var offset: Int32 = 0
    for position in 0..<input { offset += step.input(position).height }
    let height = step.input(input).height
    let begin = min(max(rows.lowerBound - offset, 0), height)
    return begin..<min(max(rows.upperBound - offset, begin), height)
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    let axis = step.integer(Parameter.axis)
    var offset: Int32 = 0
    for position in 0..<step.inputCount {
      var input = step.inputRows(position)
      var output = step.outputRows
      var window = martlet_window(
        begin_y: 0, begin_x: 0, begin_c: 0, step_y: 1, step_x: 1, step_c: 1, output_channel: 0, count: input.channels,
        fill: 0, table: step.table.map { $0 + position * 256 })
      var first = rows.lowerBound
      var end = rows.upperBound
      switch axis {
      case 0:
        window.begin_y = -offset
        first = max(first, offset)
        end = min(end, offset + input.height)
        offset += input.height
      case 1:
        output.base += Int(offset) * output.pixel_pitch_bytes
        output.width = input.width
        offset += input.width
      default:
        window.output_channel = offset
        offset += input.channels
      }
      if first < end { copyRows(step, &window, &input, &output, first..<end, kernels) }
    }
  }

  private static func size(_ tensor: TensorRecord, _ axis: Int32) -> Int32 {
    axis == 0 ? tensor.height : axis == 1 ? tensor.width : tensor.channels
  }
}

extension Step {
  /// True when the record names table bytes.
  var hasTable: Bool { record.pointee.table.bytes > 0 }
}

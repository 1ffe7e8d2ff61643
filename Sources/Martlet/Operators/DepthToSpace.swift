import CShim

/// Channels become pixels: input [H, W, B·C] with B = blockHeight · blockWidth, output [H·blockHeight, W·blockWidth, C].
/// Same quantization.
///
/// It needs no primitive of its own: for each place in a block, `martlet_copy_rows` copies one part of a row's channels
/// to the output's pixels of that place, which are a row with larger steps between its pixels.
public enum DepthToSpace: Operator {
  /// 17 in the file.
  public static var code: UInt32 { 17 }
  /// The name in reports.
  public static var kind: StaticString { "DepthToSpace" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Pixels that one pixel becomes.
    case blockHeight, blockWidth
    /// 0: channel c of place p (row by row) is channel p · C + c of the input; 1: c · B + p.
    case channelsFirst
  }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.channelsFirst.rawValue + 1)
    try step.requireBlocks(pixels: step.output, blocks: step.input(0))
    guard (0...1).contains(step.integer(Parameter.channelsFirst)) else {
      throw step.fault(parameter: Parameter.channelsFirst)
    }
    try step.requireSameQuantization()
    try step.requireConstants()
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// The rows that become them.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    let blockHeight = step.integer(Parameter.blockHeight)
    return rows.lowerBound / blockHeight..<(rows.upperBound - 1) / blockHeight + 1
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    let blockHeight = step.integer(Parameter.blockHeight)
    let blockWidth = step.integer(Parameter.blockWidth)
    let isChannelsFirst = step.integer(Parameter.channelsFirst) == 1
    var input = step.inputRows(0)
    let output = step.outputRows
    var row = rows.lowerBound
    while row < rows.upperBound {
      var column: Int32 = 0
      while column < blockWidth {
        let place = row % blockHeight * blockWidth + column
        var pixels = output
        pixels.base += Int(column) * output.pixel_pitch_bytes
        pixels.pixel_pitch_bytes *= Int(blockWidth)
        pixels.width = input.width
        var window = martlet_window(
          begin_y: row / blockHeight - row, begin_x: 0, begin_c: isChannelsFirst ? place : place * output.channels,
          step_y: 1, step_x: 1, step_c: isChannelsFirst ? blockHeight * blockWidth : 1, output_channel: 0,
          count: output.channels, fill: 0, table: nil)
        martlet_copy_rows(kernels, &window, &input, &pixels, row, row + 1)
        column += 1
      }
      row += 1
    }
  }
}

extension Step {
  /// Each pixel of `blocks` has the channels of a block of `pixels`, as high and wide as the first two parameters say.
  func requireBlocks(pixels: TensorRecord, blocks: TensorRecord) throws(Fault) {
    let (height, width) = (integer(at: 0), integer(at: 1))
    guard height >= 1, Wide.product(Wide.of(blocks.height), Wide.of(height)) == Wide.of(pixels.height) else {
      throw fault(.parameter, 0)
    }
    guard width >= 1, Wide.product(Wide.of(blocks.width), Wide.of(width)) == Wide.of(pixels.width),
      Wide.product(Wide.product(Wide.of(height), Wide.of(width)), Wide.of(pixels.channels)) == Wide.of(blocks.channels)
    else { throw fault(.parameter, 1) }
  }
}

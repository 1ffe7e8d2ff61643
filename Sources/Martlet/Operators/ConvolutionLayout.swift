/// How the packed weights of a dense or grouped convolution lie: what `Conv2D`, `Conv2DInt16` and
/// `Conv2DInt4` have alike.
struct ConvolutionLayout {
  /// The order in the record, behind the window's.
  enum Parameter: Int {
    case groups = 8
    case runsPerRow
  }

  let groups: Int32
  let runsPerRow: Int32
  /// Blocks of sixteen output channels, those of all groups together.
  let blocks: Int64
  /// Runs of one block, and values of one run; saturated.
  let runs: Int64
  let runValues: Int64
  /// Weight bytes of one block, saturated.
  let blockBytes: Int64
  /// Products in one sum, saturated.
  let taps: Int64

  /// The layout of a record whose window is verified.
  /// - Throws: `parameter` where the groups do not divide the channels, or a kernel row is not a run.
  init(_ step: borrowing Step, _ window: Window) throws(Fault) {
    let input = step.input(0)
    let output = step.output
    groups = step.integer(Parameter.groups)
    guard groups >= 1, input.channels % groups == 0, output.channels % groups == 0 else {
      throw step.fault(parameter: Parameter.groups)
    }
    runsPerRow = step.integer(Parameter.runsPerRow)
    let rowIsOneRun =
      groups == 1 && window.dilationWidth == 1 && input.pixelPitchBytes == UInt32(bitPattern: input.pixelBytes)
    guard runsPerRow == window.kernelWidth || (runsPerRow == 1 && rowIsOneRun) else {
      throw step.fault(parameter: Parameter.runsPerRow)
    }
    let groupInputs = Wide.of(input.channels / groups)
    let groupBlocks = Wide.roundedUp(Wide.of(output.channels / groups), toMultipleOf: 16) / 16
    runValues = runsPerRow == 1 ? Wide.of(window.kernelWidth) * groupInputs : groupInputs
    runs = Wide.product(window.kernelHeight, runsPerRow)
    blockBytes = Wide.product(runs, Wide.roundedUp(runValues, toMultipleOf: 4) * 16)
    blocks = Wide.of(groups) * groupBlocks
    taps = Wide.product(window.taps, groupInputs)
  }

  /// The sections hold the weights, with zeros where no value stands, and the channel blocks. Weights of four bits take half
  /// of the bytes.
  func requireConstants(_ step: borrowing Step, isFourBit: Bool = false) throws(Fault) {
    let weightBytes = Wide.product(blocks, blockBytes)
    try step.requireConstants(
      weights: isFourBit ? Wide.shiftedRight(weightBytes, by: 1) : weightBytes, channels: Wide.product(blocks, 192))
    try step.requirePaddedRuns(Wide.product(blocks, runs), values: runValues, isFourBit: isFourBit)
  }
}

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
    blocks = Wide.of(groups) * groupBlocks
    taps = Wide.product(window.taps, groupInputs)
  }

  /// Weight bytes of one block, one a value, saturated.
  var blockBytes: Int64 { Wide.product(runs, Wide.roundedUp(runValues, toMultipleOf: 4) * 16) }

  /// The sections hold the weights, with zeros where no value stands, and the channel blocks.
  func requireConstants(_ step: borrowing Step, quadBytes: Int32) throws(Fault) {
    try step.requirePackedRuns(blocks: blocks, runs: runs, values: runValues, quadBytes: quadBytes)
  }
}

import CShim

/// The sliding window that convolutions and pooling share: the first eight parameters of their records.
struct Window {
  /// The order in the record.
  enum Parameter: Int {
    case kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft
  }

  let kernelHeight: Int32
  let kernelWidth: Int32
  let strideHeight: Int32
  let strideWidth: Int32
  let dilationHeight: Int32
  let dilationWidth: Int32
  let padTop: Int32
  let padLeft: Int32

  init(_ step: borrowing Step) {
    kernelHeight = step.integer(Parameter.kernelHeight)
    kernelWidth = step.integer(Parameter.kernelWidth)
    strideHeight = step.integer(Parameter.strideHeight)
    strideWidth = step.integer(Parameter.strideWidth)
    dilationHeight = step.integer(Parameter.dilationHeight)
    dilationWidth = step.integer(Parameter.dilationWidth)
    padTop = step.integer(Parameter.padTop)
    padLeft = step.integer(Parameter.padLeft)
  }

  /// Kernel positions; never overflows after `verify`.
  var taps: Int64 { Wide.product(kernelHeight, kernelWidth) }

  /// Each number has its sign and bound, so that no coordinate a kernel computes leaves 32 bits.
  func verify(_ step: borrowing Step, maximumTaps: Int64) throws(Fault) {
    let largest = Int32(truncatingIfNeeded: Limits.dimension)
    for position in 0..<6 {
      guard (1...largest).contains(step.integer(at: position)) else { throw step.fault(.parameter, position) }
    }
    guard (0...largest).contains(padTop) else { throw step.fault(parameter: Parameter.padTop) }
    guard (0...largest).contains(padLeft) else { throw step.fault(parameter: Parameter.padLeft) }
    guard taps <= maximumTaps else { throw step.fault(parameter: Parameter.kernelWidth) }
    let bound = Wide.of(largest) * 4
    let output = step.output
    guard lastTap(output.height, strideHeight, kernelHeight, dilationHeight) < bound else {
      throw step.fault(parameter: Parameter.strideHeight)
    }
    guard lastTap(output.width, strideWidth, kernelWidth, dilationWidth) < bound else {
      throw step.fault(parameter: Parameter.strideWidth)
    }
  }

  /// The rows and columns that all windows touch, padding included, are no more than an arena's worth of bytes: copies of
  /// parts of them go to scratch, whose size must be computable.
  func verifyTouched(_ step: borrowing Step) throws(Fault) {
    let output = step.output
    let rows = lastTap(output.height, strideHeight, kernelHeight, dilationHeight) + 1
    let columns = lastTap(output.width, strideWidth, kernelWidth, dilationWidth) + 1
    let bytes = Wide.product(rows * columns, Wide.of(step.input(0).channels))
    guard bytes <= Wide.of(Limits.arenaBytes / 2) else { throw step.fault(parameter: Parameter.dilationHeight) }
  }

  /// No window lies wholly in the padding: pooling divides by the taps inside the image.
  func verifyCovered(_ step: borrowing Step, padBottom: Int32, padRight: Int32) throws(Fault) {
    let input = step.input(0)
    let output = step.output
    guard
      covers(input.height, output.height, kernelHeight, strideHeight, dilationHeight, padTop, padBottom)
    else { throw step.fault(parameter: Parameter.kernelHeight) }
    guard covers(input.width, output.width, kernelWidth, strideWidth, dilationWidth, padLeft, padRight) else {
      throw step.fault(parameter: Parameter.kernelWidth)
    }
  }

  /// Rows of an input of `height` rows that the windows of output rows `rows` touch, padding left out.
  func rowsNeeded(for rows: Range<Int32>, height: Int32) -> Range<Int32> {
    let first = rows.lowerBound * strideHeight - padTop
    let end = (rows.upperBound - 1) * strideHeight - padTop + (kernelHeight - 1) * dilationHeight + 1
    let begin = min(max(first, 0), height)
    return begin..<min(max(end, begin), height)
  }

  /// The pooling of this window; without counted padding and with a factor of 1.
  func pooling(_ step: borrowing Step, padBottom: Int32, padRight: Int32, output: martlet_output) -> martlet_pooling {
    martlet_pooling(
      kernel_height: kernelHeight, kernel_width: kernelWidth, stride_height: strideHeight, stride_width: strideWidth,
      dilation_height: dilationHeight, dilation_width: dilationWidth, pad_top: padTop, pad_left: padLeft,
      pad_bottom: padBottom, pad_right: padRight, count_padding: 0, input_zero_point: step.storedInputZeroPoint(0),
      factor: 1, output: output)
  }

  @inline(never)
  private func lastTap(_ output: Int32, _ stride: Int32, _ kernel: Int32, _ dilation: Int32) -> Int64 {
    Wide.product(output - 1, stride) + Wide.product(kernel - 1, dilation)
  }

  @inline(never)
  private func covers(
    _ input: Int32, _ output: Int32, _ kernel: Int32, _ stride: Int32, _ dilation: Int32, _ before: Int32,
    _ after: Int32
  ) -> Bool {
    let extent = Wide.product(kernel - 1, dilation) + 1
    let lastBegin = Wide.product(output - 1, stride) - Wide.of(before)
    return after >= 0 && Wide.of(before) < extent && Wide.of(after) < extent
      && extent <= Wide.of(input) + Wide.of(before) + Wide.of(after) && lastBegin < Wide.of(input)
  }
}

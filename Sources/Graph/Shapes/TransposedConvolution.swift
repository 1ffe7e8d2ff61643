/// A transposed convolution ("deconvolution") as operators that have an int8 form: a convolution that computes the stride's
/// phases as channels, DepthToSpace, and a Slice.
///
/// Along one axis, output t = q · stride + r (before cropping) is Σ x[q − m] · w[r + m · stride] over m, and each phase r is
/// a convolution of x with ⌈kernel / stride⌉ taps. Nothing is multiplied by inserted zeros, except where the
/// stride does not divide the kernel.
public struct TransposedConvolution: Sendable {
  /// One axis.
  public struct Axis: Hashable, Sendable {
    /// Taps of the kernel.
    public var kernel: Int
    /// Output pixels for an input pixel.
    public var stride: Int
    /// Output pixels from a tap to the next.
    public var dilation: Int
    /// Output pixels left out at the beginning.
    public var cropped: Int
    /// Pixels of the input.
    public var input: Int
    /// Pixels of the output.
    public var output: Int

    /// An axis; all sizes at least 1, `cropped` not negative.
    public init(kernel: Int, stride: Int, dilation: Int, cropped: Int, input: Int, output: Int) {
      (self.kernel, self.stride, self.dilation) = (kernel, stride, dilation)
      (self.cropped, self.input, self.output) = (cropped, input, output)
    }

    /// Taps of each phase; enough to reach the last output pixel, if only with zeros.
    var taps: Int {
      let reach = max((kernel - 1) * dilation + 1, cropped + output - (input - 1) * stride)
      return (reach + stride - 1) / stride
    }
    /// Whole phases among the cropped pixels that padding can leave out.
    private var skipped: Int { min(taps - 1, cropped / stride) }
    /// Padding before the convolution's first pixel.
    var before: Int { taps - 1 - skipped }
    /// Padding after its last one.
    var after: Int { max(0, (begin + output + stride - 1) / stride - input - before + taps - 1) }
    /// First pixel of the phases' pixels that is in the output.
    var begin: Int { cropped - skipped * stride }

    /// The kernel's tap that tap `tap` of phase `phase` is, if any.
    func source(phase: Int, tap: Int) -> Int? {
      let place = phase + (taps - 1 - tap) * stride
      return place % dilation == 0 && place / dilation < kernel ? place / dilation : nil
    }
  }

  /// Along the height.
  public var rows: Axis
  /// Along the width.
  public var columns: Axis
  /// Groups of channels.
  public var groups: Int

  /// A transposed convolution.
  public init(rows: Axis, columns: Axis, groups: Int) {
    self.rows = rows
    self.columns = columns
    self.groups = groups
  }

  private var places: Int { rows.stride * columns.stride }

  /// Elements of `weights` for a layer of so many input and output channels; nil when the count overflows.
  public func weightCount(inputs: Int, outputs: Int) -> Int? {
    var count = 1
    for factor in [outputs, places, rows.taps, columns.taps, inputs / groups] {
      let (product, overflow) = count.multipliedReportingOverflow(by: factor)
      if overflow { return nil }
      count = product
    }
    return count
  }

  /// What computes the phases. Its inputs: x [N,H,W,IC], `weights`, `bias`.
  public var convolution: Conv2D {
    Conv2D(
      stride: .one, dilation: .one,
      padding: Padding2D(top: rows.before, left: columns.before, bottom: rows.after, right: columns.after),
      groups: groups)
  }

  /// What makes pixels of the phases.
  public var depthToSpace: DepthToSpace {
    DepthToSpace(
      block: Size2D(rows.stride, columns.stride), order: groups == 1 ? .placesFirst : .channelsFirst)
  }

  /// What leaves out the cropped pixels, for `channels` output channels.
  public func slice(channels: Int) -> Slice {
    Slice(
      begin: [0, rows.begin, columns.begin, 0], size: [1, rows.output, columns.output, channels], step: [1, 1, 1, 1])
  }

  /// Weights of `convolution` from the layer's own [OC,KH,KW,IC/groups].
  public func weights(_ weights: Tensor) -> Tensor {
    let (outputs, depth) = (weights.shape[0], weights.shape[3])
    let (height, width) = (rows.taps, columns.taps)
    var result = Tensor(shape: [outputs * places, height, width, depth])
    for channel in 0..<outputs * places {
      let (output, place) = split(channel, outputs)
      for row in 0..<height {
        guard let sourceRow = rows.source(phase: place / columns.stride, tap: row) else { continue }
        for column in 0..<width {
          guard let sourceColumn = columns.source(phase: place % columns.stride, tap: column) else { continue }
          let from = ((output * rows.kernel + sourceRow) * columns.kernel + sourceColumn) * depth
          let into = ((channel * height + row) * width + column) * depth
          for index in 0..<depth { result.values[into + index] = weights.values[from + index] }
        }
      }
    }
    return result
  }

  /// Biases of `convolution` from the layer's own.
  public func bias(_ bias: Tensor) -> Tensor {
    let values = (0..<bias.count * places).map { bias.values[split($0, bias.count).output] }
    return Tensor(shape: [values.count], values: values)
  }

  /// Output channel and place of a channel of `convolution`.
  private func split(_ channel: Int, _ outputs: Int) -> (output: Int, place: Int) {
    groups == 1 ? (channel % outputs, channel / outputs) : (channel / places, channel % places)
  }
}

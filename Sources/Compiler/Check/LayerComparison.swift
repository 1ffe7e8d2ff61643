import Graph

/// How near int8 values are to float ones.
public struct LayerError: Sendable {
  /// 10·log₁₀(Σ float² ÷ Σ (float − int8)²); infinite when they are equal.
  public var signalToNoiseDecibels: Double
  /// Cosine of the angle between the two.
  public var cosine: Double
  /// The largest |float − int8|.
  public var maximumError: Float
}

/// One channel of a layer.
public struct ChannelComparison: Sendable {
  /// What the channel tells apart.
  public enum State: String, Sendable {
    /// It varies, in float and in int8.
    case alive
    /// Always 0 in float.
    case dead
    /// Always the same in float, but not 0.
    case constant
    /// It varies in float, but int8 holds one value only.
    case lost
  }

  /// From the smallest to the largest float value.
  public var range: ClosedRange<Float>
  /// What the packed model divides the channel by, so that channels of different ranges can share one scale.
  public var scale: Float
  /// What is taken from it then, because the channel always holds at least that: stored is x ÷ scale − offset.
  public var offset: Float
  /// Of the layer alone; see `LayerComparison.isolated`.
  public var signalToNoiseDecibels: Double
  /// The channel's share (0…1) of the layer's squared error.
  public var noiseShare: Double
  /// What the channel tells apart.
  public var state: State
}

/// How near one layer of a packed model is to the same layer of the float network.
public struct LayerComparison: Sendable {
  /// The layer's name.
  public var name: String
  /// The operator's name.
  public var kind: String
  /// The float value's shape, channels last.
  public var shape: [Int]
  /// As the packed model runs: errors of earlier layers included.
  public var accumulated: LayerError
  /// This layer alone: its int8 inputs are the float network's values, quantized.
  public var isolated: LayerError
  /// Signal to noise of the network's outputs (of what a last Softmax reads) when this layer alone computes in int8 and everything else in float, without
  /// what the rounding of its inputs does: that counts where they come from. Infinite when the outputs stay equal. What
  /// the layer costs: smaller is worse.
  public var outputSignalToNoiseDecibels: Double
  /// Share (0…1) of float values outside the range that the int8 tensor can represent.
  public var saturatedShare: Double
  /// Share (0…1) of the isolated error that is left when the float values themselves are quantized: what the layer's range
  /// and its number of steps cost.
  public var roundingShare: Double
  /// Share (0…1) of the isolated error that the float layer makes, too, when its inputs are rounded.
  public var inputShare: Double
  /// The float values as they are stored: x ÷ scale − offset of their channel.
  public var histogram: Histogram
  /// From the lowest to the highest value that the tensor can hold, in the histogram's units.
  public var heldRange: ClosedRange<Float>
  /// In order.
  public var channels: [ChannelComparison]

  /// The smallest and the largest value of the histogram.
  public var seenRange: ClosedRange<Float> { histogram.minimum...histogram.maximum }

  /// Places of the channels in this state.
  public func channels(_ state: ChannelComparison.State) -> [Int] {
    channels.indices.filter { channels[$0].state == state }
  }

  /// Channels with an error, that with the largest share of the layer's first.
  public var worstChannels: [Int] {
    channels.indices.filter { channels[$0].noiseShare > 0 }
      .sorted { (channels[$1].noiseShare, $0) < (channels[$0].noiseShare, $1) }
  }
}

/// One example's answers.
public struct ExampleComparison: Sendable {
  /// Its number in the data.
  public var index: Int
  /// Of all outputs.
  public var signalToNoiseDecibels: Double
  /// The class with the largest score in float and in int8; nil where the first output scores no classes.
  public var classes: (float: Int, int8: Int)?
}

/// How near a packed model is to the float network that it was made of.
public struct NetworkComparison: Sendable {
  /// Layers that both have, in execution order.
  public var layers: [LayerComparison]
  /// In the order of the data.
  public var examples: [ExampleComparison]
  /// Of the packed model's outputs, over all examples.
  public var output: LayerError

  /// Places of the layers, that which costs the outputs most first.
  public var ranking: [Int] {
    layers.indices.sorted {
      (layers[$0].outputSignalToNoiseDecibels, $0) < (layers[$1].outputSignalToNoiseDecibels, $1)
    }
  }

  /// Share of examples (0…1) whose first class is the same; nil where no classes are scored.
  public var top1Agreement: Double? {
    let classes = examples.compactMap(\.classes)
    return classes.isEmpty ? nil : Double(classes.count { $0.float == $0.int8 }) / Double(classes.count)
  }

  /// Numbers of the examples, those with another first class before the others, and the noisiest first.
  public var worstExamples: [Int] {
    func isEqual(_ example: ExampleComparison) -> Int { example.classes.map { $0.float == $0.int8 ? 1 : 0 } ?? 1 }
    return examples.indices.sorted {
      (isEqual(examples[$0]), examples[$0].signalToNoiseDecibels, $0)
        < (isEqual(examples[$1]), examples[$1].signalToNoiseDecibels, $1)
    }
  }
}

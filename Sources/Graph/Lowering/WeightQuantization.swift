/// Which axis of a weight array is the output channel.
public enum WeightOrder: Sendable {
  /// The first: OC×KH×KW×IC, M×K.
  case channelFirst
  /// The last: KH×KW×C.
  case channelLast
}

/// How large an accumulator may grow: |bias| + 255·128·taps stays below 2³¹ at any input, with room for rounding.
public enum AccumulatorLimits {
  /// The most that |bias| + 255·128·taps may be.
  public static let largest = Int64(1) << 31 - 1 << 16
  /// The most that the accumulator times the factor may be, so that float32 converts to int32.
  public static let largestScaled = Double(Int64(1) << 31 - 1 << 17)

  /// The largest bias of a sum of so many products, with room for the input's zero point.
  static func largestBias(taps: Int, input: Quantization.Element) -> Int64 {
    input == .int16 ? largestInt16 - int16Products(taps: taps) : largest - 2 * products(taps: taps)
  }

  /// The most that |bias| + 2¹⁵ · 128 · taps may be for an int16 input.
  static let largestInt16 = Int64(1) << 38

  /// The most that all products of an int16 tensor and int8 weights can add up to.
  static func int16Products(taps: Int) -> Int64 { taps > 1 << 16 ? largestInt16 : 32768 * 128 * Int64(taps) }

  /// The most that all products of one sum can add up to.
  public static func products(taps: Int) -> Int64 { 255 * 128 * Int64(taps) }
}

extension QuantizedWeights {
  /// Float weights, each output channel rounded to −127…127 (of four bits −7…7) with the scale that its largest weight
  /// needs, and biases rounded to multiples of input scale × weight scale.
  ///
  /// Weights that are not numbers count as 0, infinite ones as the channel's largest finite one. A channel of zeros (or
  /// numbers too small for a scale) gets a scale that suits its bias. Where a bias would not fit the accumulator, the
  /// channel's scale is raised until it does. Each of these events adds a sentence to `notes`.
  /// - Parameters:
  ///   - weights: all of the layer's, in the order that `order` says.
  ///   - order: whether the output channel comes first or last.
  ///   - biases: one for each output channel, real values.
  ///   - input: the quantization of what the weights are multiplied with.
  ///   - bits: eight or four.
  ///   - limits: an output channel's largest magnitude, beyond which weights are cut off; nil: what `bits` finds.
  ///   - notes: gets the sentences.
  /// - Throws: `GraphError` when so many weights meet in one output that int32 cannot hold their sum.
  public init(
    rounding weights: [Float], order: WeightOrder, biases: [Float], input: Quantization, bits: WeightBits = .eight,
    limits: [Float]? = nil, notes: inout [String]
  ) throws(GraphError) {
    let channels = biases.count
    let taps = channels == 0 ? 0 : weights.count / channels
    let bound = AccumulatorLimits.largestBias(taps: taps, input: input.element)
    guard bound > 1 << 16 else {
      throw GraphError("\(taps) weights meet in one output, more than a sum can hold; split the layer")
    }
    let channelStep = order == .channelFirst ? taps : 1
    let tapStep = order == .channelFirst ? 1 : channels
    self.init(
      values: Array(repeating: 0, count: weights.count), scales: Array(repeating: 1, count: channels),
      biases: Array(repeating: 0, count: channels))
    for channel in 0..<channels {
      let places = (0..<taps).lazy.map { channel * channelStep + $0 * tapStep }
      let limit = limits?[channel] ?? bits.limit(of: places.map { weights[$0].isFinite ? weights[$0] : 0 })
      let rule = ChannelRule(
        limit: limit, steps: bits.largest, bias: biases[channel], inputScale: Double(input.scale), bound: bound)
      if let note = rule.note { notes.append("output channel \(channel): \(note)") }
      if places.contains(where: { !weights[$0].isFinite }) {
        notes.append("output channel \(channel): infinite or undefined weights were replaced")
      }
      scales[channel] = rule.scale
      self.biases[channel] = rule.bias
      for place in places {
        values[place] = ChannelRule.round(weights[place], scale: Double(rule.scale), largest: Double(bits.largest))
      }
    }
  }
}

/// One output channel's scale and bias.
private struct ChannelRule {
  var scale: Float
  var bias: Int64
  var note: String?

  /// - Parameter limit: the magnitude that `steps` steps make.
  init(limit: Float, steps: Float, bias: Float, inputScale: Double, bound: Int64) {
    let usableBias = bias.isNaN ? 0 : max(-Float.greatestFiniteMagnitude, min(Float.greatestFiniteMagnitude, bias))
    let magnitude = abs(Double(usableBias))
    var exact = Double(limit) / Double(steps)
    if exact < Double(Float.leastNormalMagnitude) {
      note = limit == 0 ? nil : "its weights are too small for a scale and count as 0"
      exact = magnitude > 0 ? magnitude / inputScale / 0x1p20 : 1
    }
    if magnitude / (inputScale * exact) > Double(bound) {
      exact = magnitude / inputScale / Double(bound) * (1 + 0x1p-20)
      note = "its scale was raised so that its bias fits the accumulator"
    }
    if !bias.isFinite { note = "its bias is not a finite number" }
    scale = max(Float.leastNormalMagnitude, min(Float.greatestFiniteMagnitude, Float(exact)))
    let multiples = (Double(usableBias) / (inputScale * Double(scale))).rounded(.toNearestOrEven)
    self.bias = Int64(max(-Double(bound), min(Double(bound), multiples)))
  }

  static func round(_ weight: Float, scale: Double, largest: Double) -> Int8 {
    if weight.isNaN { return 0 }
    return Int8(max(-largest, min(largest, (Double(weight) / scale).rounded(.toNearestOrEven))))
  }
}

import Graph

/// What is summed up of one layer that the float network and the packed model both have.
struct LayerSums: Sendable {
  private(set) var accumulated = ErrorAccumulator()
  private(set) var isolated = ErrorAccumulator()
  /// Of the network's outputs, with this layer alone in int8.
  var output = ErrorAccumulator()
  private(set) var histogram = Histogram()
  private var saturated = 0
  private var count = 0
  /// Σ (float − its nearest int8 value)².
  private var roundingNoise = 0.0
  /// Σ (float − float on rounded inputs)².
  private var inputNoise = 0.0
  private var channels: [Channel]

  fileprivate struct Channel {
    var range: ClosedRange<Float>?
    var found: ClosedRange<Int32>?
    var signal = 0.0
    var noise = 0.0
  }

  init(channels: Int) { self.channels = Array(repeating: Channel(), count: channels) }

  /// Values as the packed model computed them in a run of its own.
  mutating func addAccumulated(_ expected: [Float], _ found: [Float]) { accumulated.add(expected, found) }

  /// Values of the layer alone.
  /// - Parameters:
  ///   - expected: in float.
  ///   - quantized: as the packed model computed them, and `found` their values in float's units.
  ///   - nearest: the nearest that the tensor can hold to what is expected.
  mutating func addIsolated(
    _ expected: [Float], quantized: [Int32], found: [Float], nearest: [Int32], _ rule: Quantization,
    _ forms: [StoredChannel]
  ) {
    isolated.add(expected, found)
    count += expected.count
    let (low, high) = (rule.range.lowerBound - rule.scale / 2, rule.range.upperBound + rule.scale / 2)
    var stored = expected
    var channel = 0
    for index in expected.indices {
      let (value, form) = (expected[index], forms[channel])
      stored[index] = form.stored(value)
      if stored[index] < low || stored[index] > high { saturated += 1 }
      if value.isFinite { channels[channel].add(value, quantized[index], found[index]) }
      let rounding = Double(value - form.value(rule.real(ofValue: nearest[index])))
      roundingNoise += rounding * rounding
      channel = channel + 1 == forms.count ? 0 : channel + 1
    }
    histogram.add(stored)
  }

  /// Values in float, and what the float layer makes of rounded inputs.
  mutating func addInputNoise(_ expected: [Float], _ found: [Float]) {
    for (a, b) in zip(expected, found) { inputNoise += Double(a - b) * Double(a - b) }
  }

  /// The result.
  func comparison(
    name: String, kind: String, shape: [Int], _ rule: Quantization, _ forms: [StoredChannel]
  ) -> LayerComparison {
    LayerComparison(
      name: name, kind: kind, shape: shape, accumulated: accumulated.layerError, isolated: isolated.layerError,
      outputSignalToNoiseDecibels: output.signalToNoiseDecibels,
      saturatedShare: Double(saturated) / Double(max(1, count)),
      roundingShare: isolated.noise > 0 ? min(1, roundingNoise / isolated.noise) : 1,
      inputShare: isolated.noise > 0 ? min(1, inputNoise / isolated.noise) : 0, histogram: histogram,
      heldRange: rule.range,
      channels: zip(channels, forms).map { $0.comparison($1, of: isolated.noise) })
  }
}

extension LayerSums.Channel {
  fileprivate mutating func add(_ value: Float, _ quantized: Int32, _ real: Float) {
    range = range.map { min($0.lowerBound, value)...max($0.upperBound, value) } ?? value...value
    found = found.map { min($0.lowerBound, quantized)...max($0.upperBound, quantized) } ?? quantized...quantized
    signal += Double(value) * Double(value)
    noise += Double(value - real) * Double(value - real)
  }

  fileprivate func comparison(_ form: StoredChannel, of total: Double) -> ChannelComparison {
    let range = range ?? 0...0
    let isVaried = range.lowerBound < range.upperBound
    let state: ChannelComparison.State =
      isVaried
      ? (found.map { $0.lowerBound == $0.upperBound } ?? false ? .lost : .alive)
      : range.lowerBound == 0 ? .dead : .constant
    return ChannelComparison(
      range: range, scale: form.scale, offset: form.offset,
      signalToNoiseDecibels: ErrorAccumulator.decibels(signal: signal, noise: noise),
      noiseShare: total > 0 ? noise / total : 0, state: state)
  }
}

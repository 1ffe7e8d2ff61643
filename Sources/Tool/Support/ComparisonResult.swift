import Compiler

/// What `martlet compare` prints.
struct ComparisonResult: Encodable {
  struct Errors: Encodable {
    let signalToNoiseDb: Double
    let cosine: Double
    let maximumError: Float

    init(_ error: LayerError) {
      signalToNoiseDb = error.signalToNoiseDecibels
      cosine = error.cosine
      maximumError = error.maximumError
    }
  }

  struct Channel: Encodable {
    let channel: Int
    let signalToNoiseDb: Double
    let noiseShare: Double
    let range: [Float]
    let scale: Float
    let offset: Float
  }

  struct Layer: Encodable {
    let name: String
    let kind: String
    let shape: [Int]
    /// As the packed model runs, as in `isolated`.
    let signalToNoiseDb: Double
    let cosine: Double
    let maximumError: Float
    let isolated: Errors
    /// Of the network's output, with this layer alone in int8.
    let outputSignalToNoiseDb: Double
    let saturatedShare: Double
    let roundingShare: Double
    let inputShare: Double
    let seenRange: [Float]
    let heldRange: [Float]
    let channels: Int
    let deadChannels: [Int]
    let constantChannels: [Int]
    let lostChannels: [Int]
    let worstChannels: [Channel]
    let causes: [String]
  }

  struct Example: Encodable {
    let name: String
    let signalToNoiseDb: Double
    let floatClass: Int?
    let int8Class: Int?
  }

  let images: Int
  let output: Errors
  let top1Agreement: Double?
  /// Names, that which costs most first.
  let ranking: [String]
  let layers: [Layer]
  let examples: [Example]

  init(_ comparison: NetworkComparison, names: [String]) {
    images = comparison.examples.count
    output = Errors(comparison.output)
    top1Agreement = comparison.top1Agreement
    ranking = comparison.ranking.map { comparison.layers[$0].name }
    layers = comparison.layers.map(Layer.init)
    examples = comparison.examples.map {
      Example(
        name: names[$0.index], signalToNoiseDb: $0.signalToNoiseDecibels, floatClass: $0.classes?.float,
        int8Class: $0.classes?.int8)
    }
  }

  /// As text: every layer, then what costs most.
  func show(_ comparison: NetworkComparison) {
    var table = Table("dB", "alone", "output", "cosine", "largest error", "saturated", "dead", "lost", "kind", "layer")
    for layer in layers {
      table.add(
        layer.signalToNoiseDb.digits(1), layer.isolated.signalToNoiseDb.digits(1),
        layer.outputSignalToNoiseDb.digits(1),
        layer.cosine.digits(5), Double(layer.maximumError).digits(4), "\((layer.saturatedShare * 100).digits(2)) %",
        "\(layer.deadChannels.count + layer.constantChannels.count)", "\(layer.lostChannels.count)", layer.kind,
        layer.name)
    }
    table.print()
    print(
      "\ndB: as the model runs; alone: this layer on float inputs; output: the network's output with this layer alone in "
        + "int8;\ndead: channels that never change; lost: channels that change in float, not in int8\n")
    print("what costs most, of \(images) inputs:")
    for place in comparison.ranking.prefix(5) {
      let layer = comparison.layers[place]
      print("  \(layer.outputSignalToNoiseDecibels.digits(1)) dB  \(layer.name)")
      for cause in layer.causes { print("           \(cause)") }
    }
    var line = "\nthe output  \(output.signalToNoiseDb.digits(1)) dB"
    if let top1Agreement { line += ", the same first class on \((top1Agreement * 100).digits(1)) % of the inputs" }
    print(line)
  }
}

extension ComparisonResult.Layer {
  init(_ layer: LayerComparison) {
    name = layer.name
    kind = layer.kind
    shape = layer.shape
    signalToNoiseDb = layer.accumulated.signalToNoiseDecibels
    cosine = layer.accumulated.cosine
    maximumError = layer.accumulated.maximumError
    isolated = ComparisonResult.Errors(layer.isolated)
    outputSignalToNoiseDb = layer.outputSignalToNoiseDecibels
    saturatedShare = layer.saturatedShare
    roundingShare = layer.roundingShare
    inputShare = layer.inputShare
    seenRange = [layer.seenRange.lowerBound, layer.seenRange.upperBound]
    heldRange = [layer.heldRange.lowerBound, layer.heldRange.upperBound]
    channels = layer.channels.count
    deadChannels = layer.channels(.dead)
    constantChannels = layer.channels(.constant)
    lostChannels = layer.channels(.lost)
    worstChannels = layer.worstChannels.prefix(5).map { channel in
      let entry = layer.channels[channel]
      return ComparisonResult.Channel(
        channel: channel, signalToNoiseDb: entry.signalToNoiseDecibels, noiseShare: entry.noiseShare,
        range: [entry.range.lowerBound, entry.range.upperBound], scale: entry.scale, offset: entry.offset)
    }
    causes = layer.causes
  }
}

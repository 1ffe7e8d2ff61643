import ArgumentParser
import Datasets
import Foundation
import Graph

/// `martlet visualize VIEW MODEL -o OUT`.
struct Visualize: ParsableCommand {
  /// What is looked at.
  enum View: String, ExpressibleByArgument, CaseIterable {
    case filters
    case features
    case occlusion
    case classActivation = "class-activation"
    case maximize
  }

  static let configuration = CommandConfiguration(
    abstract: "Draws what a network looks for and looks at: filters, features, and what its answer depends on.",
    discussion: """
      filters            the filters of the first convolution, or of --layer
      features           every channel of --layer for --input
      occlusion          how much the score of the answer, or of --class, falls when a part of --input is covered
      class-activation   where the network sees the answer, or --class: for networks that end in a global average
      maximize           an input, made from noise, that excites --unit of --layer
      Networks are float ones, with the preprocessing flags of `convert`; occlusion takes packed models, too.
      Example: martlet visualize occlusion network.martlet --input photo.jpg -o occlusion.html
      """)

  @Argument(help: "One of \(View.allCases.map(\.rawValue).joined(separator: ", ")).")
  var view: View

  @Argument(help: "A network (.onnx, .tflite, or a checkpoint with --architecture).", completion: .file())
  var model: String

  @Option(help: "A picture (JPEG, PNG, BMP, PPM) or an array (.npy).", completion: .file())
  var input: String?

  @Option(help: "The layer to look at; `martlet inspect` prints their names.")
  var layer: String?

  @Option(help: "The channel of the layer whose input is looked for.")
  var unit: Int?

  @Option(name: .customLong("class"), help: "The class whose score is looked at; by default the likeliest.")
  var output: Int?

  @Option(help: "Height and width of the cover in pixels; by default an eighth of the input.")
  var window: Int?

  @Option(help: "By how many pixels the cover moves; by default half of the window.")
  var stride: Int?

  @Option(help: "How often the input is changed on the way to one that excites the unit.")
  var steps = 128

  @Option(help: "Decides the noise that maximize begins with.")
  var seed: UInt64 = 1

  @Option(help: "Draw at most this many filters or channels.")
  var limit = 64

  @Option(name: .shortAndLong, help: "The picture (.png) or page (.html) to write.", completion: .file())
  var out: String

  @OptionGroup var source: FloatSourceOptions
  @OptionGroup var preprocessing: PreprocessingOptions
  @OptionGroup var json: OutputOptions

  private struct Result: Encodable {
    let written: String
    let view: String
    let pictures: Int
    var outputClass: Int?
    var label: String?
    var score: Float?
    /// Row and column that the answer depends on most, in pixels of the network's input.
    var peak: [Int]?
    var activation: [Float]?
  }

  func validate() throws {
    guard out.hasSuffix(".png") || out.hasSuffix(".html") else {
      throw ValidationError("-o names a .png or .html file.")
    }
    guard (1...1024).contains(limit), (1...100_000).contains(steps) else {
      throw ValidationError("--limit is 1 to 1024, --steps 1 to 100000.")
    }
    guard window ?? 1 > 0, stride ?? 1 > 0, unit ?? 0 >= 0, output ?? 0 >= 0 else {
      throw ValidationError("--window and --stride are at least 1, --unit and --class at least 0.")
    }
    if view == .features || view == .maximize, layer == nil { throw ValidationError("\(view.rawValue) needs --layer.") }
    if view == .maximize, unit == nil { throw ValidationError("maximize needs --unit.") }
    if [.features, .occlusion, .classActivation].contains(view), input == nil {
      throw ValidationError("\(view.rawValue) needs --input.")
    }
    if let window, let stride, stride > window {
      throw ValidationError("--stride is at most --window, so that every pixel is covered.")
    }
  }

  func run() throws {
    let (sheet, result) = view == .occlusion ? try occlusion() : try float()
    try sheet.write(to: out)
    try json.emit(result) {
      print("written   \(out), \(result.pictures) picture\(result.pictures == 1 ? "" : "s")")
      if let index = result.outputClass, let score = result.score {
        print("class     \(result.label ?? "\(index)"), score \(score)")
      }
      if let peak = result.peak { print("peak      row \(peak[0]), column \(peak[1]) of the network's input") }
      if let activation = result.activation { print("unit      \(activation[0]) in noise, \(activation[1]) at last") }
    }
  }

  private func summary(_ sheet: PictureSheet) -> Result {
    Result(written: out, view: view.rawValue, pictures: sheet.tiles.count)
  }

  private func float() throws -> (PictureSheet, Result) {
    guard !MappedFile.isPackedModel(model) else {
      throw ToolError("\(model) is packed: \(view.rawValue) needs the float network that it was made of.")
    }
    let network = try FloatClassifier(model, source: source, preprocessing: preprocessing)
    let isBlueFirst = network.preprocessing?.channelOrder == .blueFirst
    switch view {
    case .filters:
      let sheet = try PictureSheet.filters(network.graph, layer: layer, isBlueFirst: isBlueFirst, limit: limit)
      return (sheet, summary(sheet))
    case .features:
      let sheet = try PictureSheet.features(
        network.graph, layer: layer ?? "", [try tensor(network).tensor], limit: limit)
      return (sheet, summary(sheet))
    case .maximize: return try maximize(network)
    default: return try classActivation(network)
    }
  }

  private func tensor(_ network: FloatClassifier) throws -> (tensor: Tensor, shown: Image?) {
    guard network.graph.inputs.count == 1 else {
      throw ToolError("\(model) has \(network.graph.inputs.count) inputs; networks with one can be looked into.")
    }
    let content = try itemContent(input ?? "")
    let shape = network.graph[network.graph.inputs[0]].shape
    return (
      try inputTensor(content, shape: shape, preprocessing: network.preprocessing, file: model),
      Image.shown(content, network.preprocessing)
    )
  }

  private func classActivation(_ network: FloatClassifier) throws -> (PictureSheet, Result) {
    let (tensor, shown) = try tensor(network)
    let found = try ClassActivationMap(network.graph, [tensor], output: output)
    let size = (height: tensor.shape[1], width: tensor.shape[2])
    let map = found.map.resized(height: size.height, width: size.width)
    let mean = found.map.values.reduce(0, +) / Float(found.map.values.count)
    let label = self.label(found.output, network.labels)
    let sheet = PictureSheet(
      title: "Where the network sees \(label)",
      note: "The channels of \(found.layer), each times its weight for the class; their mean, \(mean), and the bias, "
        + "\(found.bias), make the score. Orange speaks for the class, blue against it.",
      tiles: tiles(shown, map, "for the class"))
    var result = summary(sheet)
    (result.outputClass, result.label, result.score) = (found.output, label, mean + found.bias)
    let best = map.values.indices.max { (map.values[$0], $1) < (map.values[$1], $0) } ?? 0
    result.peak = [best / map.width, best % map.width]
    return (sheet, result)
  }

  private func occlusion() throws -> (PictureSheet, Result) {
    let content = try itemContent(input ?? "")
    let classifier: any Classifier
    let shape: [Int]
    var rules: Preprocessing?
    if MappedFile.isPackedModel(model) {
      let packed = try PackedClassifier(model)
      let record = packed.model.input(0)
      (classifier, shape) = (packed, [1, Int(record.height), Int(record.width), Int(record.channels)])
      rules = try packed.model.preprocessing?.tensorRules()
    } else {
      let network = try FloatClassifier(model, source: source, preprocessing: preprocessing)
      (classifier, shape) = (network, network.graph.inputs.first.map { network.graph[$0].shape } ?? [])
      rules = network.preprocessing
    }
    guard shape.count == 4 else { throw ToolError("\(model) takes no picture, so that nothing of it can be covered.") }
    let tensor = try inputTensor(content, shape: shape, preprocessing: rules, file: model)
    let side = window ?? max(1, min(shape[1], shape[2]) / 8)
    let progress = Progress("covering")
    let found = try OcclusionMap(
      tensor, output: output, window: side, stride: min(side, stride ?? max(1, side / 2)),
      progress: { progress.update($0, of: $1) },
      scores: { try classifier.scores(.tensor(shape: Array($0.shape.dropFirst()), values: $0.values)) })
    progress.finish()
    let label = self.label(found.output, classifier.labels)
    let sheet = PictureSheet(
      title: "What the score of \(label) depends on",
      note:
        "How much the score, \(found.score), falls when a square of \(side)×\(side) pixels is covered with the input's "
        + "mean: orange where it falls, blue where it rises.",
      tiles: tiles(Image.shown(content, rules), found.fall, "fall of the score"))
    var result = summary(sheet)
    (result.outputClass, result.label, result.score) = (found.output, label, found.score)
    result.peak = [found.peak.row, found.peak.column]
    return (sheet, result)
  }

  /// The input, the map, and the one under the other.
  private func tiles(_ shown: Image?, _ map: Plane, _ caption: String) -> [PictureSheet.Tile] {
    let drawn = map.image(.signed)
    let range =
      "\(HistogramChart.number(Double(map.range.lowerBound)))…\(HistogramChart.number(Double(map.range.upperBound)))"
    var tiles = [PictureSheet.Tile(image: drawn, caption: "\(caption): \(range)")]
    if let shown, shown.width == drawn.width, shown.height == drawn.height {
      tiles.insert(PictureSheet.Tile(image: shown, caption: "the input"), at: 0)
      tiles.append(PictureSheet.Tile(image: shown.under(drawn), caption: "both"))
    }
    return tiles
  }

  private func maximize(_ network: FloatClassifier) throws -> (PictureSheet, Result) {
    let rules = network.preprocessing
    let limits = rules.map { rules in
      (0..<rules.channels).map { channel in
        -rules.mean[channel] / rules.standardDeviation[channel]...(255 - rules.mean[channel])
          / rules.standardDeviation[channel]
      }
    }
    guard let limits else {
      throw ToolError("\(model) takes no picture of 1 or 3 channels; units are excited by pictures.")
    }
    let progress = Progress("climbing")
    let found = try ActivationMaximization(
      network.graph, layer: layer ?? "", unit: unit ?? 0, limits: limits, steps: steps, seed: seed
    ) { progress.update($0, of: steps) }
    progress.finish()
    let shape = found.input.shape
    let pixels = found.input.values.enumerated().map { index, value -> UInt8 in
      let limit = limits[index % limits.count]
      let share = (value - limit.lowerBound) / (limit.upperBound - limit.lowerBound)
      return UInt8((min(1, max(0, share)) * 255).rounded())
    }
    var image = Image(width: shape[2], height: shape[1], channels: limits.count, pixels: pixels)!
    if rules?.channelOrder == .blueFirst { image = image.withRedAndBlueExchanged() }
    let sheet = PictureSheet(
      title: "What excites unit \(unit ?? 0) of \(layer ?? "")",
      note:
        "Made from noise of seed \(seed) in \(steps) steps: the unit's mean goes from \(found.first) to \(found.last).",
      tiles: [PictureSheet.Tile(image: image, caption: "unit \(unit ?? 0)")])
    var result = summary(sheet)
    result.activation = [found.first, found.last]
    return (sheet, result)
  }

  private func label(_ index: Int, _ labels: [String]) -> String {
    index < labels.count ? labels[index] : "class \(index)"
  }
}

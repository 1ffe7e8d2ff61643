import Compiler
import Datasets
import Graph

/// An input on which the packed model is far from the float network, and what it does inside there.
struct WorstExample {
  /// One channel of one layer.
  struct Map {
    let layer: String
    let channel: Int
    let float: Plane
    let int8: Plane
  }

  let name: String
  let signalToNoiseDecibels: Double
  /// What either says it is, if it says that.
  let answers: (float: String, int8: String)?
  /// As the network gets it.
  let picture: Image?
  let maps: [Map]

  /// The worst examples, each with the worst channels of the costliest layers that are pictures.
  static func find(
    _ comparison: NetworkComparison, _ comparer: NetworkComparer, _ inputs: TypicalInputs, _ data: CalibrationData,
    _ rules: Preprocessing?, labels: [String], count: Int = 3
  ) throws -> [WorstExample] {
    let spatial = comparison.ranking.filter { place in
      let shape = comparison.layers[place].shape
      return shape.count == 4 && shape[1] > 2 && shape[2] > 2
    }
    let layers = Array(spatial.prefix(3))
    func label(_ index: Int) -> String { index < labels.count ? labels[index] : "class \(index)" }
    return try comparison.worstExamples.prefix(count).map { place in
      let example = comparison.examples[place]
      let values = try comparer.values(ofLayers: layers, data.inputs(example.index))
      let maps = zip(layers, values).compactMap { layer, values -> Map? in
        let channel = comparison.layers[layer].worstChannels.first ?? 0
        guard let values, let float = Plane(values.float, channel: channel),
          let int8 = Plane(values.int8, channel: channel)
        else { return nil }
        return Map(layer: comparison.layers[layer].name, channel: channel, float: float, int8: int8)
      }
      return WorstExample(
        name: inputs.name(example.index), signalToNoiseDecibels: example.signalToNoiseDecibels,
        answers: example.classes.map { (label($0.float), label($0.int8)) },
        picture: Image.shown(try inputs.item(example.index).content, rules), maps: maps)
    }
  }
}

extension Image {
  /// An input of a network as people can look at it; nil for what is no picture.
  static func shown(_ content: Dataset.Content, _ rules: Preprocessing?) -> Image? {
    switch content {
    case .image(let image): return rules?.pixels(of: image) ?? image
    case .bytes(let bytes):
      return rules.flatMap { Image(width: $0.width, height: $0.height, channels: $0.channels, pixels: bytes) }
    case .tensor(let shape, let values):
      let places = Array(shape.drop { $0 == 1 })
      guard places.count == 2 || (places.count == 3 && places[2] == 3) else { return nil }
      let plane = Plane(height: 1, width: values.count, values: values)
      let gray = plane.image(.gray).pixels.enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
      return Image(width: places[1], height: places[0], channels: places.count == 3 ? 3 : 1, pixels: gray)
    }
  }
}

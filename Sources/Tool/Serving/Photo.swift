import Archives
import CHost
import Datasets
import FlyingFox
import Foundation
import Serving

/// What a photo shows, and how long it took to say so.
struct PhotoAnswer: Encodable {
  let model: String
  let top: [RankedClass]
  /// Decoding and resizing, and running the network.
  let preparationMs: Double
  let latencyMs: Double
  /// The part of the photo that the network sees.
  let region: PhotoRegion
}

/// A rectangle of a photo, in shares of its width and height.
struct PhotoRegion: Encodable {
  let left: Double
  let top: Double
  let width: Double
  let height: Double

  /// The middle of the photo that these rules leave.
  init(_ image: Image, _ rules: Preprocessing) {
    let (imageWidth, imageHeight) = (Double(image.width), Double(image.height))
    switch rules.resizeRule {
    case .stretch: (width, height) = (1, 1)
    case .shorterSideThenCrop(let shorterSide):
      let scale = Double(shorterSide) / min(imageWidth, imageHeight)
      width = min(1, Double(rules.width) / scale / imageWidth)
      height = min(1, Double(rules.height) / scale / imageHeight)
    case .cropThenResize(let fraction):
      let scale = min(imageWidth / Double(rules.width), imageHeight / Double(rules.height)) * fraction
      width = min(1, Double(rules.width) * scale / imageWidth)
      height = min(1, Double(rules.height) * scale / imageHeight)
    }
    (left, top) = ((1 - width) / 2, (1 - height) / 2)
  }
}

/// How much less likely a class becomes when a part of a photo is hidden.
struct HeatMap: Encodable {
  let classIndex: Int
  let probability: Double
  /// Parts in a row and in a column.
  let cells: Int
  /// Row by row: the probability of the whole photo less that with the part hidden.
  let drops: [Double]
}

extension PackedClassifier {
  /// Classifies a photo from a file's bytes.
  func classify(photo: Data, name: String, top: Int) throws -> PhotoAnswer {
    let begin = martlet_host_nanoseconds()
    let (pixels, region) = try prepared(photo, name)
    let start = martlet_host_nanoseconds()
    try model.setInput(pixels: pixels)
    model.run()
    let scores = try model.outputReals()
    let end = martlet_host_nanoseconds()
    return PhotoAnswer(
      model: name, top: Ranking.top(top, of: scores, labels: labels), preparationMs: Double(start - begin) / 1e6,
      latencyMs: Double(end - start) / 1e6, region: region)
  }

  /// Hides one part after the other behind the photo's mean colour: occlusion sensitivity, Zeiler and Fergus 2014. There are
  /// as many parts as fit into about three seconds, at most 16 × 16.
  func heatMap(photo: Data, name: String, classIndex: Int) throws -> HeatMap {
    let pixels = try prepared(photo, name).pixels
    func probability(_ pixels: [UInt8]) throws -> Double {
      try model.setInput(pixels: pixels)
      model.run()
      let probabilities = Ranking.probabilities(try model.outputReals())
      guard classIndex < probabilities.count else {
        throw Refusal(
          .badRequest, "\(name) has \(probabilities.count) classes; class \(classIndex) is not one of them.")
      }
      return probabilities[classIndex]
    }
    let begin = martlet_host_nanoseconds()
    let whole = try probability(pixels)
    let seconds = Double(martlet_host_nanoseconds() - begin) / 1e9
    let cells = min(16, max(4, Int((3 / max(seconds, 1e-6)).squareRoot())))
    let input = model.input(0)
    let (height, width, channels) = (Int(input.height), Int(input.width), Int(input.channels))
    let mean = (0..<channels).map { channel in
      UInt8(
        stride(from: channel, to: pixels.count, by: channels).reduce(0) { $0 + Int(pixels[$1]) } * channels
          / pixels.count)
    }
    var drops: [Double] = []
    for row in 0..<cells {
      for column in 0..<cells {
        var hidden = pixels
        // A part is hidden with half of each of its neighbours, so that no object slips through a seam.
        for y in Self.places(row, of: cells, in: height) {
          for x in Self.places(column, of: cells, in: width) {
            for channel in 0..<channels { hidden[(y * width + x) * channels + channel] = mean[channel] }
          }
        }
        drops.append(whole - (try probability(hidden)))
      }
    }
    return HeatMap(classIndex: classIndex, probability: whole, cells: cells, drops: drops)
  }

  private static func places(_ cell: Int, of cells: Int, in extent: Int) -> Range<Int> {
    max(0, (2 * cell - 1) * extent / (2 * cells))..<min(extent, ((2 * cell + 3) * extent + 2 * cells - 1) / (2 * cells))
  }

  /// The photo as the network takes it, and where that is in the photo.
  private func prepared(_ photo: Data, _ name: String) throws -> (pixels: [UInt8], region: PhotoRegion) {
    guard let preprocessing else {
      throw Refusal(
        .badRequest,
        "\(name) does not say how a picture becomes its input: convert it with --preset, or ask /v2/models.")
    }
    let image = try Image(ByteSource(photo, name: "The photo"))
    return (preprocessing.pixels(of: image).pixels, PhotoRegion(image, preprocessing))
  }
}

import Graph
import Martlet

/// What each channel of a packed layer was divided by, found again by comparing it with the float layer.
struct FittedScales: Sendable {
  private var products: [Double]
  private var squares: [Double]

  init(channels: Int) {
    products = Array(repeating: 0, count: channels)
    squares = Array(repeating: 0, count: channels)
  }

  mutating func add(_ expected: [Float], _ quantized: [Int32], _ rule: Quantization) {
    let channels = products.count
    for (index, value) in quantized.enumerated() {
      let found = Double(rule.real(ofValue: value))
      let wanted = Double(expected[index])
      guard wanted.isFinite else { continue }
      products[index % channels] += found * wanted
      squares[index % channels] += found * found
    }
  }

  /// For each channel, of the scales that equalization chooses from, the one that fits best; 1 where nothing fits.
  var values: [Float] {
    zip(products, squares).map { product, square in
      product > 0 && square > 0 ? channelScale(near: product / square) : 1
    }
  }
}

extension ModelRunner {
  /// Whether channels inside the packed model may be scaled.
  var hasEqualizedChannels: Bool {
    String(model.provenance).split(separator: "\n").contains("\(equalizationKey): true")
  }
}

/// The line of provenance that says whether channels were scaled.
let equalizationKey = "channel equalization"

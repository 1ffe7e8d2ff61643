import Foundation

/// One line of an answer. In JSON a class without a label has `"label": null`.
struct RankedClass: Encodable {
  let index: Int
  let label: String?
  let probability: Double

  enum CodingKeys: CodingKey { case index, label, probability }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(index, forKey: .index)
    try container.encode(label, forKey: .label)
    try container.encode(probability, forKey: .probability)
  }
}

enum Ranking {
  /// Whether an output of this shape scores classes: one value a class, and no places in a picture.
  static func scoresClasses(_ shape: [Int]) -> Bool {
    guard let classes = shape.last, classes > 1 else { return false }
    return shape.dropLast().allSatisfy { $0 == 1 }
  }

  /// The `count` likeliest classes. Scores that are not yet probabilities (not all in 0…1 with sum 1) go through softmax.
  static func top(_ count: Int, of scores: [Float], labels: [String]) -> [RankedClass] {
    let probabilities = Self.probabilities(scores)
    return indices(count, of: scores).map {
      RankedClass(index: $0, label: $0 < labels.count ? labels[$0] : nil, probability: probabilities[$0])
    }
  }

  /// Indices of the `count` largest scores; the lower index first among equals.
  static func indices(_ count: Int, of scores: [Float]) -> [Int] {
    Array(scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(count))
  }

  /// Probabilities, as `top` has them.
  static func probabilities(_ scores: [Float]) -> [Double] {
    let sum = scores.reduce(0.0) { $0 + Double($1) }
    if scores.allSatisfy({ $0 >= 0 && $0 <= 1 }), abs(sum - 1) < 0.05 { return scores.map(Double.init) }
    let largest = Double(scores.max() ?? 0)
    let exponentials = scores.map { Double.exponential(Double($0) - largest) }
    let total = exponentials.reduce(0, +)
    return exponentials.map { $0 / total }
  }
}

extension Double {
  fileprivate static func exponential(_ value: Double) -> Double { Foundation.exp(value) }
}

import Finetuning
import Graph

extension FeatureSet {
  /// Examples around a point for each class.
  static func clusters(
    classes: Int, perClass: [Int], features: Int = 20, seed: UInt64 = 3, noise: Float = 12
  ) -> FeatureSet {
    var random = SplitMix64(seed: seed)
    let centers = (0..<classes).map { _ in (0..<features).map { _ in random.symmetric() * 40 } }
    var set = FeatureSet(
      featureCount: features, scale: 0.05, zeroPoint: -20, classNames: (0..<classes).map { "class \($0)" })
    var item = 0
    for round in 0..<(perClass.max() ?? 0) {
      for label in 0..<classes where round < perClass[label] {
        let values = centers[label].map { center in
          Int8(max(-128, min(127, (center + noise * random.symmetric()).rounded())))
        }
        set.append(values, label: label, item: item)
        item += 1
      }
    }
    return set
  }
}

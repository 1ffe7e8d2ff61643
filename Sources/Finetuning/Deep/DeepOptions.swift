/// How the layers of a float network are trained on new pictures.
public struct DeepOptions: Sendable {
  /// Layers with weights before the classifier that are trained; nil: all.
  public var layers: Int?
  /// The most passes over the pictures; training stops five after the best.
  public var epochs = 15
  /// Pictures a step.
  public var batch = 16
  /// The rate of the classifier, at its peak.
  public var rate: Float = 0.01
  /// The rate of each layer is so many times that of the next one.
  public var rateRatio: Float = 0.95
  /// Batch normalizations learn the statistics of the new pictures; else they keep the old ones as part of the convolutions.
  public var updatesStatistics = false
  /// Of the order of pictures.
  public var seed: UInt64 = 1

  /// The defaults.
  public init() {}

  /// What a layer's rate is multiplied by that has `depth` layers with weights behind it.
  func factor(depth: Int) -> Float {
    var factor: Float = 1
    for _ in 0..<depth { factor *= rateRatio }
    return factor
  }
}

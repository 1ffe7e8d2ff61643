import Martlet

/// Which layers to train on new pictures, by the four rules of thumb: few or many pictures, like or unlike those that the
/// network was trained on.
public struct Advice: Sendable, Equatable {
  /// What to train.
  public enum Rule: String, Sendable {
    /// Few pictures like the network's: a linear head on its last features.
    case head = "a linear head on the last features"
    /// Few pictures unlike the network's: a linear head on the features of an earlier layer.
    case earlierHead = "a linear head on the features of an earlier layer"
    /// Many pictures like the network's: the last layers.
    case lastLayers = "the last layers, gently"
    /// Many pictures unlike the network's: all layers.
    case allLayers = "all layers"
  }

  /// What was measured.
  public struct Measures: Sendable, Equatable {
    /// Pictures of the smallest class.
    public var fewestPictures: Int
    /// Accuracy in cross-validation of a head on the classifier's features, 0…1.
    public var lastAccuracy: Double
    /// Likewise on an earlier layer's.
    public var earlierAccuracy: Double
    /// The layers' names.
    public var lastName: String
    /// Likewise.
    public var earlierName: String

    /// What was measured of two layers.
    public init(
      fewestPictures: Int, lastAccuracy: Double, earlierAccuracy: Double, lastName: String, earlierName: String
    ) {
      (self.fewestPictures, self.lastAccuracy) = (fewestPictures, lastAccuracy)
      (self.earlierAccuracy, self.lastName, self.earlierName) = (earlierAccuracy, lastName, earlierName)
    }
  }

  /// From so many pictures of every class on, the set counts as large.
  public static let manyPictures = 200
  /// Below this accuracy of a head on the last features, the pictures count as unlike the network's.
  public static let likeAccuracy = 0.85

  /// What to do.
  public let rule: Rule
  /// Why: one sentence a measure.
  public let reasons: [String]

  /// The rule that the measures call for.
  public init(_ measures: Measures) {
    let isLarge = measures.fewestPictures >= Self.manyPictures
    let earlierIsBetter = measures.earlierAccuracy > measures.lastAccuracy + 0.01
    let isLike = !earlierIsBetter && measures.lastAccuracy >= Self.likeAccuracy
    rule = isLarge ? (isLike ? .lastLayers : .allLayers) : (isLike || !earlierIsBetter ? .head : .earlierHead)
    func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
    var reasons = [
      isLarge
        ? "The smallest class has \(measures.fewestPictures) pictures: enough to train layers without learning them by heart."
        : "The smallest class has \(measures.fewestPictures) pictures, fewer than \(Self.manyPictures): more than a head "
          + "would learn them by heart.",
      "A linear head on \(measures.lastName) decides \(percent(measures.lastAccuracy)) right in cross-validation, one on "
        + "\(measures.earlierName) \(percent(measures.earlierAccuracy)).",
    ]
    if earlierIsBetter {
      reasons.append("The earlier layer is better: the last ones are made for other pictures than these.")
    } else if isLike {
      reasons.append("The last features suffice: the pictures are like those that the network was trained on.")
    } else {
      reasons.append(
        "No layer's features reach \(percent(Self.likeAccuracy)): the pictures are unlike the network's, and more of them "
          + "would allow training its layers.")
    }
    self.reasons = reasons
  }
}

extension FeaturePoint {
  /// A layer about halfway through the network's multiply-accumulates, for comparison with the last features.
  /// - Throws: `FinetuneError` when the model is refused or has none.
  public static func halfway(in file: [UInt8]) throws(FinetuneError) -> FeaturePoint {
    try inspect(file) { model throws(FinetuneError) in
      var macs: UInt64 = 0
      for index in 0..<model.operatorCount {
        let record = model.operatorRecord(index)
        macs += UInt64(record.macs)
        let output = model.tensor(Int(record.output))
        guard macs * 2 >= model.header.macs, output.element == .int8, output.channels > 1 else { continue }
        return try FeaturePoint(Int(record.output), layerName(index, model), model)
      }
      throw FinetuneError("the network has no layer to compare with")
    }
  }
}

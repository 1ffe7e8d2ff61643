import Compiler
import Martlet

/// A head that was trained, before its weights are rounded.
public protocol TrainedHead: AnyObject {
  /// Scores of every class for each example, in float.
  func scores(of set: FeatureSet) throws -> [[Float]]
  /// Steps or epochs that were kept.
  var steps: Int { get }
  /// The head patch: rounded to int8, with scales from the examples that it was trained on.
  func patch(_ place: HeadPlace) throws -> [UInt8]
}

/// The weights (classes × features) and biases of a head of one layer, for real features; nil of others.
public func layer(of head: any TrainedHead) throws -> (weights: [Float], biases: [Float])? {
  try (head as? LinearHead)?.layer
}

/// Where a head belongs.
public struct HeadPlace: Sendable {
  /// The network.
  public var backbone: BackboneIdentity
  /// The network's tensor.
  public var tensor: Int
  /// Whether the head reads the tensor's mean over its pixels.
  public var isPooled: Bool
  /// Names of the classes.
  public var classNames: [String]

  /// A head of the packed network `file`, on the features of `point`.
  public init(file: [UInt8], point: FeaturePoint, classNames: [String]) {
    backbone = file.withUnsafeBytes { BackboneIdentity($0.loadUnaligned(as: Header.self)) }
    (tensor, isPooled, self.classNames) = (point.tensor, point.isPooled, classNames)
  }

  /// One line a class.
  var labelBytes: [UInt8] {
    Array(classNames.map { String($0.map { $0.isNewline ? " " : $0 }) + "\n" }.joined().utf8)
  }
}

/// Trains a head.
/// - Parameters:
///   - training: what it learns from.
///   - validation: what decides when to stop; nil: all steps are taken.
///   - options: the kind of head, and how it is trained.
/// - Throws: `FinetuneError` when there are too few classes or examples for the kind of head.
public func trainHead(
  on training: FeatureSet, validation: FeatureSet? = nil, options: HeadOptions
) throws -> any TrainedHead {
  let counts = training.counts
  let present = counts.count { $0 > 0 }
  guard present >= 2 else {
    throw FinetuneError(
      "the pictures are of \(present) class\(present == 1 ? "" : "es"): a classifier needs at least two; add a folder of "
        + "what the class is to be told from")
  }
  guard let least = counts.min(), least > 0 else {
    let empty = zip(training.classNames, counts).filter { $0.1 == 0 }.map(\.0)
    throw FinetuneError(
      "there are no pictures to learn from of \(empty.joined(separator: ", ")): add some, or remove it")
  }
  guard least >= 2 || options.kind == .imprint else {
    let single = zip(training.classNames, counts).filter { $0.1 < 2 }.map(\.0)
    throw FinetuneError(
      "there is only one picture to learn from of \(single.joined(separator: ", ")): use --head imprint, which needs no "
        + "more, or add pictures")
  }
  return switch options.kind {
  case .softmax: try LinearHead.softmax(training, validation, options)
  case .imprint: try LinearHead.imprinted(training)
  case .svm: try LinearHead.supportVectors(training, validation, options)
  case .mean: try LinearHead.nearestMean(training, validation)
  case .hidden: try HiddenHead(training, validation, options)
  }
}

/// The mean cross entropy of scores, each class counting the same.
func balancedCrossEntropy(_ scores: [[Float]], _ set: FeatureSet, factor: Double = 1) -> Double {
  let counts = set.counts
  var sums = [Double](repeating: 0, count: counts.count)
  for (row, label) in zip(scores, set.labels) {
    let scaled = row.map { Double($0) * factor }
    let largest = scaled.max() ?? 0
    let sum = scaled.reduce(0) { $0 + exponential($1 - largest) }
    sums[label] += largest + logarithm(sum) - scaled[label]
  }
  let present = counts.indices.filter { counts[$0] > 0 }
  return present.reduce(0) { $0 + sums[$1] / Double(counts[$1]) } / Double(max(1, present.count))
}

import Graph

/// Labelled features of a data set's items, and how they were quantized.
public struct FeatureSet: Sendable {
  /// Values of one example.
  public let featureCount: Int
  /// real = scale × (value − zeroPoint).
  public let scale: Float
  /// In the int8 domain.
  public let zeroPoint: Int32
  /// Names of the classes.
  public var classNames: [String]
  /// Examples × features.
  public private(set) var values: [Int8] = []
  /// The class of each example.
  public private(set) var labels: [Int] = []
  /// Which item of the data set each example shows: an item's variants share a number.
  public private(set) var items: [Int] = []

  /// A set without examples.
  public init(featureCount: Int, scale: Float, zeroPoint: Int32, classNames: [String]) {
    (self.featureCount, self.scale, self.zeroPoint, self.classNames) = (featureCount, scale, zeroPoint, classNames)
  }

  /// Examples.
  public var count: Int { labels.count }

  /// Examples of each class.
  public var counts: [Int] {
    var counts = [Int](repeating: 0, count: classNames.count)
    for label in labels { counts[label] += 1 }
    return counts
  }

  /// Adds an example of `featureCount` values.
  public mutating func append(_ features: some Collection<Int8>, label: Int, item: Int) {
    precondition(features.count == featureCount && classNames.indices.contains(label))
    values += features
    labels.append(label)
    items.append(item)
  }

  /// The values of an example.
  public func example(_ index: Int) -> ArraySlice<Int8> { values[index * featureCount..<(index + 1) * featureCount] }

  /// The real values of all examples, minus zero: scale × (value − zero point).
  public var reals: [Float] { values.map { scale * Float(Int32($0) - zeroPoint) } }

  /// A number that other features, labels or orders of them hardly share.
  public var fingerprint: UInt64 {
    var hash = FowlerNollVoHash(values.lazy.map { UInt8(bitPattern: $0) })
    for label in labels { hash.add(word: UInt64(label)) }
    return hash.value
  }

  /// Some of the examples, in the order of `indices`.
  public func subset(_ indices: [Int]) -> FeatureSet {
    var set = FeatureSet(featureCount: featureCount, scale: scale, zeroPoint: zeroPoint, classNames: classNames)
    for index in indices { set.append(example(index), label: labels[index], item: items[index]) }
    return set
  }
}

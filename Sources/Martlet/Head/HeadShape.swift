/// What a head learns from, and the memory that it takes: stated before anything is given to it.
public struct HeadShape: Equatable, Sendable {
  /// Values of one example.
  public let featureCount: Int32
  /// Classes.
  public let classCount: Int32
  /// The most examples that can be stored.
  public let exampleCapacity: Int32
  /// Of the features.
  public let scale: Float
  /// Of the features, in the int8 domain.
  public let zeroPoint: Int32
  /// Exactly the bytes that a trainer needs: for each class and feature three float32 (the weights, the point where the
  /// gradient is taken, the gradient), for each feature its mean, for each class six numbers, for each example its values
  /// and its class.
  public let arenaBytes: Int

  /// - Throws: `head` unless there are 1…16384 features, 2…4096 classes, at least one example, a positive, finite scale, a zero
  ///   point of int8, and an arena of at most 1 GiB.
  public init(
    featureCount: Int32, classCount: Int32, exampleCapacity: Int32, scale: Float, zeroPoint: Int32
  ) throws(Fault) {
    guard (1...Int32(truncatingIfNeeded: HeadLimits.inputs)).contains(featureCount),
      (2...Int32(truncatingIfNeeded: HeadLimits.outputs)).contains(classCount), exampleCapacity >= 1,
      scale.isPositiveAndFinite, (-128...127).contains(zeroPoint)
    else { throw Fault(.head) }
    self.featureCount = featureCount
    self.classCount = classCount
    self.exampleCapacity = exampleCapacity
    self.scale = scale
    self.zeroPoint = zeroPoint
    let weights = Wide.product(classCount, featureCount)
    let bytes =
      Wide.product(weights, 12) + Wide.product(exampleCapacity, featureCount + 4) + Wide.product(featureCount, 4)
    guard bytes <= Wide.of(Limits.arenaBytes) else {
      throw Fault(.limit, detail: Limits.arenaBytes)
    }
    arenaBytes = Self.plan(featureCount, classCount, exampleCapacity).end
  }

  /// Where everything lies in the arena.
  struct Plan {
    let weights: Int
    let point: Int
    let gradient: Int
    let mean: Int
    /// Six vectors of one number a class: biases, the point's, the gradient's, offsets, scores, examples.
    let perClass: Int
    let classOf: Int
    let examples: Int
    let end: Int
  }

  // Not a property: compilers for 32-bit ARM change the register of `self` while they read several fields by it, on which
  // callers rely.
  static func plan(_ featureCount: Int32, _ classCount: Int32, _ exampleCapacity: Int32) -> Plan {
    let features = Int(featureCount)
    let classes = Int(classCount)
    let matrix = 4 &* classes &* features
    let mean = 3 &* matrix
    let perClass = mean &+ 4 &* features
    let classOf = perClass &+ 24 &* classes
    let examples = classOf &+ 4 &* Int(exampleCapacity)
    let end = (examples &+ Int(exampleCapacity) &* features &+ 63) & ~63
    return Plan(
      weights: 0, point: matrix, gradient: 2 &* matrix, mean: mean, perClass: perClass, classOf: classOf,
      examples: examples, end: end)
  }

  /// Bytes of the head patch that a trainer of this shape writes.
  /// - Parameter labelBytes: of the labels, one line a class.
  @inline(__always)
  public func patchBytes(labelBytes: Int) -> Int {
    HeadHeader.byteCount &+ HeadLayerRecord.byteCount
      &+ HeadLayerRecord(inputs: featureCount, outputs: classCount).constantBytes &+ labelBytes
  }
}

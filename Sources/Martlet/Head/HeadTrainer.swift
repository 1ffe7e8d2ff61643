import CShim

/// Learns a classifier on stored int8 features, in an arena that the caller owns: nothing is allocated, and every processor
/// gets the same bytes (float32 in a fixed order, without fused multiply-add, and an exponential of its own).
///
/// ```swift
/// let shape = try HeadShape(featureCount: 256, classCount: 3, exampleCapacity: 60, scale: scale, zeroPoint: zeroPoint)
/// var trainer = try HeadTrainer(shape, arena: arena)          // shape.arenaBytes bytes
/// try trainer.append(features, ofClass: 2)                    // for each example
/// try trainer.begin()
/// trainer.descend(steps: 200)
/// let bytes = try trainer.writePatch(identity, tensor: 17, isPooled: false, labels: labels, into: memory)
/// ```
public struct HeadTrainer: ~Copyable {
  /// What it was made for.
  public let shape: HeadShape
  /// Examples stored.
  public private(set) var exampleCount: Int32 = 0

  // A score of class c is unit · Σ weights[c][k] · (value[k] − mean[k]) + biases[c].
  let weights: UnsafeMutablePointer<Float>
  let point: UnsafeMutablePointer<Float>
  let gradient: UnsafeMutablePointer<Float>
  let mean: UnsafeMutablePointer<Float>
  let biases: UnsafeMutablePointer<Float>
  let pointBiases: UnsafeMutablePointer<Float>
  let gradientBiases: UnsafeMutablePointer<Float>
  let offsets: UnsafeMutablePointer<Float>
  let scores: UnsafeMutablePointer<Float>
  let counts: UnsafeMutablePointer<Int32>
  let classOf: UnsafeMutablePointer<Int32>
  let examples: UnsafeMutablePointer<Int8>
  var unit: Float
  /// Of `begin`.
  var rules = DescentRules()

  /// A trainer without examples for a head of this shape, in the first `shape.arenaBytes` bytes of `arena`, which must be
  /// 64-byte aligned and outlive the trainer.
  /// - Throws: `arenaTooSmall`, `misaligned`.
  public init(_ shape: HeadShape, arena: UnsafeMutableRawBufferPointer) throws(Fault) {
    guard let base = arena.baseAddress, arena.count >= shape.arenaBytes else {
      throw Fault(.arenaTooSmall, detail: shape.arenaBytes)
    }
    guard UInt(bitPattern: base) % 64 == 0 else { throw Fault(.misaligned, detail: 0) }
    let plan = HeadShape.plan(shape.featureCount, shape.classCount, shape.exampleCapacity)
    let classes = Int(shape.classCount)
    self.shape = shape
    weights = (base + plan.weights).assumingMemoryBound(to: Float.self)
    point = (base + plan.point).assumingMemoryBound(to: Float.self)
    gradient = (base + plan.gradient).assumingMemoryBound(to: Float.self)
    mean = (base + plan.mean).assumingMemoryBound(to: Float.self)
    biases = (base + plan.perClass).assumingMemoryBound(to: Float.self)
    pointBiases = biases + classes
    gradientBiases = biases + 2 * classes
    offsets = biases + 3 * classes
    scores = biases + 4 * classes
    counts = (base + plan.perClass + 20 * classes).assumingMemoryBound(to: Int32.self)
    classOf = (base + plan.classOf).assumingMemoryBound(to: Int32.self)
    examples = (base + plan.examples).assumingMemoryBound(to: Int8.self)
    unit = shape.scale
    fill(counts, shape.classCount, 0)
    clear()
  }

  /// Stores an example.
  /// - Throws: `inputOutput` for features of another number or a class that there is not; `limit` when there is no more room.
  public mutating func append(_ features: Span<Int8>, ofClass label: Int) throws(Fault) {
    guard features.count == Int(shape.featureCount), (0..<Int(shape.classCount)).contains(label) else {
      throw Fault(.inputOutput, index: label, detail: Int(shape.featureCount))
    }
    guard exampleCount < shape.exampleCapacity else { throw Fault(.limit, detail: Int(shape.exampleCapacity)) }
    let place = example(exampleCount)
    var index = 0
    while index < features.count {
      place[index] = features[index]
      index += 1
    }
    classOf[Int(exampleCount)] = Int32(truncatingIfNeeded: label)
    counts[label] &+= 1
    exampleCount += 1
  }

  /// Scores of every class for these features, before any rounding of the weights.
  /// - Throws: `inputOutput` when a size differs.
  public func score(_ features: Span<Int8>, into results: inout MutableSpan<Float>) throws(Fault) {
    guard features.count == Int(shape.featureCount), results.count == Int(shape.classCount) else {
      throw Fault(.inputOutput, detail: Int(shape.featureCount))
    }
    features.withUnsafeBufferPointer { features in
      guard let values = features.baseAddress else { return }
      var label = 0
      while label < results.count {
        let row = weights + label * Int(shape.featureCount)
        let sum =
          martlet_head_dot(row, values, shape.featureCount) - martlet_head_product(row, mean, shape.featureCount)
        results[label] = unit * sum + biases[label]
        label += 1
      }
    }
  }

  /// Takes weights and biases that were found elsewhere: score = Σ weights · real value + bias.
  /// - Parameters:
  ///   - newWeights: classes × features.
  ///   - newBiases: one a class.
  /// - Throws: `inputOutput` when a size differs, `head` when a number is not finite.
  public mutating func set(weights newWeights: Span<Float>, biases newBiases: Span<Float>) throws(Fault) {
    let (classes, features) = (Int(shape.classCount), Int(shape.featureCount))
    guard newWeights.count == classes * features, newBiases.count == classes else {
      throw Fault(.inputOutput, detail: classes * features)
    }
    clear()
    fill(mean, shape.featureCount, Float(Int(shape.zeroPoint)))
    var index = 0
    while index < newWeights.count {
      guard newWeights[index].isFinite else { throw Fault(.head) }
      weights[index] = newWeights[index]
      index += 1
    }
    index = 0
    while index < classes {
      guard newBiases[index].isFinite else { throw Fault(.head) }
      biases[index] = newBiases[index]
      index += 1
    }
  }

  /// The weights for real features, and what they have to be added to: score = Σ weights · real value + bias.
  /// - Parameters:
  ///   - realWeights: room for classes × features.
  ///   - realBiases: room for one a class.
  /// - Throws: `inputOutput` when a size differs.
  public func copyLayer(
    weights realWeights: inout MutableSpan<Float>, biases realBiases: inout MutableSpan<Float>
  ) throws(Fault) {
    let (classes, features) = (Int(shape.classCount), Int(shape.featureCount))
    guard realWeights.count == classes * features, realBiases.count == classes else {
      throw Fault(.inputOutput, detail: classes * features)
    }
    var label = 0
    while label < classes {
      var bias = biases[label]
      var feature = 0
      while feature < features {
        let weight = weights[label * features + feature]
        realWeights[label * features + feature] = weight * unit / shape.scale
        bias += unit * weight * (Float(Int(shape.zeroPoint)) - mean[feature])
        feature += 1
      }
      realBiases[label] = bias
      label += 1
    }
  }

  /// Multiplies all scores: probabilities become surer or less sure, and no decision changes.
  /// - Parameter factor: positive and finite.
  public mutating func sharpen(by factor: Float) {
    guard factor.isPositiveAndFinite else { return }
    var index = 0
    while index < Int(shape.classCount) * Int(shape.featureCount) {
      weights[index] *= factor
      index += 1
    }
    index = 0
    while index < Int(shape.classCount) {
      biases[index] *= factor
      index += 1
    }
  }

  func example(_ index: Int32) -> UnsafeMutablePointer<Int8> { examples + Int(index) * Int(shape.featureCount) }

  /// Scores of nothing.
  mutating func clear() {
    unit = shape.scale
    let size = shape.classCount &* shape.featureCount
    fill(weights, size, 0)
    fill(point, size, 0)
    fill(mean, shape.featureCount, 0)
    fill(biases, shape.classCount, 0)
    fill(pointBiases, shape.classCount, 0)
  }
}

func fill<Number>(_ numbers: UnsafeMutablePointer<Number>, _ count: Int32, _ value: Number) {
  var index = 0
  while index < Int(count) {
    numbers[index] = value
    index += 1
  }
}

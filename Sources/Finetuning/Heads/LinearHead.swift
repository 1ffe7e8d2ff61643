import Compiler
import Foundation
import Martlet

/// One layer on the features: softmax regression, support vectors, imprinted weights, class means. The runtime's trainer holds
/// it, so that a device that learns gets the same bytes.
final class LinearHead: TrainedHead {
  private let arena: AlignedBytes
  private var trainer: HeadTrainer
  private(set) var steps = 0

  /// A trainer with the examples of `set`.
  private init(_ set: FeatureSet) throws(FinetuneError) {
    do throws(Fault) {
      let shape = try HeadShape(set)
      arena = AlignedBytes(count: shape.arenaBytes)
      trainer = try HeadTrainer(shape, arena: arena.buffer)
      let values = set.values
      for (index, label) in set.labels.enumerated() {
        let range = index * set.featureCount..<(index + 1) * set.featureCount
        try trainer.append(values.span.extracting(range), ofClass: label)
      }
    } catch {
      throw FinetuneError(
        "a head for \(set.classNames.count) classes on \(set.count) examples of \(set.featureCount) features is more than "
          + "can be trained: \(error.code.explanation); use fewer pictures or classes")
    }
  }

  func scores(of set: FeatureSet) throws -> [[Float]] {
    let values = set.values
    return try (0..<set.count).map { index in
      var row = [Float](repeating: 0, count: set.classNames.count)
      var span = row.mutableSpan
      let range = index * set.featureCount..<(index + 1) * set.featureCount
      try trainer.score(values.span.extracting(range), into: &span)
      return row
    }
  }

  func patch(_ place: HeadPlace) throws -> [UInt8] {
    let labels = place.labelBytes
    let memory = AlignedBytes(count: trainer.shape.patchBytes(labelBytes: labels.count))
    let count = try trainer.writePatch(
      place.backbone, tensor: place.tensor, isPooled: place.isPooled, labels: labels.span.bytes, into: memory.buffer)
    return Array(memory.buffer[..<count])
  }

  /// Weights (classes × features) and biases for real features.
  var layer: (weights: [Float], biases: [Float]) {
    get throws {
      let classes = Int(trainer.shape.classCount)
      var weights = [Float](repeating: 0, count: classes * Int(trainer.shape.featureCount))
      var biases = [Float](repeating: 0, count: classes)
      var weightSpan = weights.mutableSpan
      var biasSpan = biases.mutableSpan
      try trainer.copyLayer(weights: &weightSpan, biases: &biasSpan)
      return (weights, biases)
    }
  }

  // MARK: Kinds

  /// Softmax regression. With validation examples, as many steps as do best on them, in tens; it stops 100 steps after the
  /// best.
  static func softmax(
    _ training: FeatureSet, _ validation: FeatureSet?, _ options: HeadOptions
  ) throws -> LinearHead {
    let head = try LinearHead(training)
    let most = options.steps ?? 1000
    let regularization = options.regularization
    try head.trainer.begin(regularization: regularization, isBalanced: options.isBalanced)
    guard let validation, validation.count > 0 else {
      head.trainer.descend(steps: most)
      head.steps = most
      return head
    }
    var (best, bestSteps, done) = (Double.infinity, 0, 0)
    while done < most, done < bestSteps + 100 {
      let chunk = min(10, most - done)
      head.trainer.descend(steps: chunk)
      done += chunk
      let loss = balancedCrossEntropy(try head.scores(of: validation), validation)
      if loss < best { (best, bestSteps) = (loss, done) }
    }
    if done > bestSteps {
      try head.trainer.begin(regularization: regularization, isBalanced: options.isBalanced)
      head.trainer.descend(steps: bestSteps)
    }
    head.steps = bestSteps
    return head
  }

  /// Weight imprinting.
  static func imprinted(_ training: FeatureSet) throws -> LinearHead {
    let head = try LinearHead(training)
    try head.trainer.imprint()
    return head
  }

  /// The nearest class mean: of ‖x − m‖² the part that differs from class to class, halved, is m · x − ½ ‖m‖².
  static func nearestMean(_ training: FeatureSet, _ validation: FeatureSet?) throws -> LinearHead {
    let head = try LinearHead(training)
    let (features, counts, reals) = (training.featureCount, training.counts, training.reals)
    var weights = [Float](repeating: 0, count: counts.count * features)
    for (index, label) in training.labels.enumerated() {
      let share = 1 / Float(counts[label])
      for feature in 0..<features { weights[label * features + feature] += share * reals[index * features + feature] }
    }
    let biases = counts.indices.map { label in
      -0.5 * weights[label * features..<(label + 1) * features].reduce(0) { $0 + $1 * $1 }
    }
    try head.set(weights, biases, sharpenedOn: validation ?? training)
    return head
  }

  /// One support vector machine a class.
  static func supportVectors(
    _ training: FeatureSet, _ validation: FeatureSet?, _ options: HeadOptions
  ) throws -> LinearHead {
    let head = try LinearHead(training)
    let problem = CenteredFeatures(training)
    var weights: [Float] = []
    var biases: [Float] = []
    for label in training.classNames.indices {
      let machine = supportVectorMachine(problem, label: label, training.labels, options)
      head.steps = max(head.steps, machine.epochs)
      let (row, bias) = problem.onReals(machine.weights, machine.bias)
      weights += row
      biases.append(bias)
    }
    try head.set(weights, biases, sharpenedOn: validation ?? training)
    return head
  }

  /// Takes weights, and makes the scores as sure as the examples of `set` bear out.
  private func set(_ weights: [Float], _ biases: [Float], sharpenedOn set: FeatureSet) throws {
    try trainer.set(weights: weights.span, biases: biases.span)
    let scores = try scores(of: set)
    var best = (loss: Double.infinity, exponent: 0)
    for exponent in -80...40 {
      let loss = balancedCrossEntropy(scores, set, factor: pow(2, Double(exponent) / 4))
      if loss < best.loss { best = (loss, exponent) }
    }
    trainer.sharpen(by: Float(pow(2, Double(best.exponent) / 4)))
  }
}

extension HeadShape {
  /// A trainer's shape for exactly these examples.
  /// - Throws: `Fault` when they are more than can be trained.
  public init(_ set: FeatureSet) throws(Fault) {
    try self.init(
      featureCount: Int32(clamping: set.featureCount), classCount: Int32(clamping: set.classNames.count),
      exampleCapacity: Int32(clamping: set.count), scale: set.scale, zeroPoint: set.zeroPoint)
  }
}

/// e^x and ln x of the mathematics library: for measures alone, never for what is packed.
func exponential(_ x: Double) -> Double { exp(x) }
func logarithm(_ x: Double) -> Double { log(x) }

import Datasets
import Foundation
import Graph
import Training

/// Goes through the training pictures, step by step, in an order that depends on the seed alone.
struct TrainingRun {
  let images: TrainingImages
  let batchSize: Int
  let rules: Preprocessing
  let augmentation: Augmentation
  let mixup: Mixup?
  let seed: UInt64
  let rate: LearningRate
  let epochs: Int
  /// How far it has come.
  private(set) var position = TrainingPosition()
  private var random = SplitMix64(seed: 0)
  private var order: [Int] = []

  init(
    images: TrainingImages, batchSize: Int, rules: Preprocessing, augmentation: Augmentation, mixup: Mixup?,
    seed: UInt64, rate: LearningRate, epochs: Int
  ) {
    (self.images, self.batchSize, self.rules) = (images, batchSize, rules)
    (self.augmentation, self.mixup, self.seed) = (augmentation, mixup, seed)
    (self.rate, self.epochs) = (rate, epochs)
  }

  /// Steps of one epoch; pictures that fill no batch wait for another order.
  var stepsAnEpoch: Int { images.count / batchSize }
  /// Steps of all epochs.
  var totalSteps: Int { epochs * stepsAnEpoch }
  /// Steps that were taken.
  var stepsDone: Int { position.epoch * stepsAnEpoch + position.step }
  /// Whether all epochs are over.
  var isDone: Bool { position.epoch >= epochs }
  /// Whether the step that was taken last ended an epoch.
  var isAtEpochEnd: Bool { position.step == 0 && position.epoch > 0 }

  /// Goes on from a position of the same run.
  /// - Throws: a sentence when the run has no such position.
  mutating func resume(at position: TrainingPosition) throws {
    guard (0...epochs).contains(position.epoch), (0..<stepsAnEpoch).contains(position.step) else {
      throw ToolError("The checkpoint is damaged: it is at step \(position.step) of epoch \(position.epoch + 1).")
    }
    self.position = position
    if position.step > 0 {
      shuffle()
      random = SplitMix64(seed: position.random)
    }
  }

  /// The next step.
  /// - Throws: a sentence when the loss is not a number any more.
  mutating func step(_ trainer: inout Trainer) throws {
    if position.step == 0 { shuffle() }
    let start = ContinuousClock.now
    let indices = Array(order[position.step * batchSize..<(position.step + 1) * batchSize])
    let labels = indices.map { images.labels[$0] }
    var batch = images.batch(
      indices, mean: rules.mean, standardDeviation: rules.standardDeviation, augmentation, &random)
    let mixed = mixup?.mix(&batch, labels: labels, &random)
    let rate = rate.rate(step: stepsDone, of: totalSteps)
    trainer.randomSeed = seed &+ UInt64(stepsDone) &* 0x9E37_79B9
    let result = try trainer.step(batch, labels: labels, mixed: mixed, rate: rate)
    guard result.loss.isFinite else {
      throw ToolError(
        "The loss is no longer a number in epoch \(position.epoch + 1): choose a lower --rate. The weights of the epochs "
          + "before are kept.")
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    position.add(
      TrainingSum(steps: 1, images: batchSize, loss: result.loss, correct: result.correct, seconds: seconds))
    position.step += 1
    position.random = random.state
    let interval = max(1, stepsAnEpoch / max(1, min(20, 400 / epochs)))
    let endsEpoch = position.step == stepsAnEpoch
    if endsEpoch || position.step % interval == 0 {
      position.endPoint(at: Double(stepsDone) / Double(stepsAnEpoch), step: stepsDone, rate: rate)
    }
    if endsEpoch { position.endEpoch() }
  }

  /// The accuracy that the network now has on other pictures, for the epoch that has just ended.
  mutating func note(testAccuracy: Double) { position.note(testAccuracy: testAccuracy) }

  private mutating func shuffle() {
    random = SplitMix64(seed: seed &+ UInt64(position.epoch) &* 0x1_0000_0001)
    order = random.permutation(images.count)
  }
}

extension TrainingImages {
  /// The share of the pictures that a network (batch 1) classifies right.
  func accuracy(of network: Graph, _ rules: Preprocessing) throws -> Double {
    let size = 50
    let batched = try network.batched(size)
    let (whole, single) = (Evaluator(batched), Evaluator(network))
    var (right, first) = (0, 0)
    var random = SplitMix64(seed: 0)
    while first < count {
      let taken = count - first >= size ? size : 1
      let indices = Array(first..<first + taken)
      let batch = batch(
        indices, mean: rules.mean, standardDeviation: rules.standardDeviation, Augmentation(), &random)
      let logits = try (taken == size ? whole : single).run([batch])[0]
      let classes = logits.count / taken
      for (number, index) in indices.enumerated() {
        let row = Array(logits.values[number * classes..<(number + 1) * classes])
        if row.indices.max(by: { row[$0] < row[$1] }) == labels[index] { right += 1 }
      }
      first += taken
    }
    return count == 0 ? 0 : Double(right) / Double(count)
  }
}

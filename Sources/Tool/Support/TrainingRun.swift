import Datasets
import Foundation
import Graph
import Training

/// Goes through the training pictures, epoch by epoch, in an order that depends on the seed alone.
struct TrainingRun {
  let images: TrainingImages
  let batchSize: Int
  let mean: [Float]
  let standardDeviation: [Float]
  let augmentation: Augmentation
  let seed: UInt64
  let rate: LearningRate
  let epochs: Int
  private var done = 0

  init(
    images: TrainingImages, batchSize: Int, mean: [Float], standardDeviation: [Float], augmentation: Augmentation,
    seed: UInt64, rate: LearningRate, epochs: Int
  ) {
    (self.images, self.batchSize, self.mean) = (images, batchSize, mean)
    (self.standardDeviation, self.augmentation, self.seed) = (standardDeviation, augmentation, seed)
    (self.rate, self.epochs) = (rate, epochs)
  }

  /// What one epoch came to.
  struct Epoch {
    let number: Int
    let loss: Double
    let accuracy: Double
    let imagesPerSecond: Double
  }

  /// The next epoch; nil after the last. Pictures that fill no batch wait for another order.
  mutating func nextEpoch<Method: Optimizer>(
    _ trainer: inout Trainer<Method>, progress: Progress
  ) throws -> Epoch? {
    guard done < epochs else { return nil }
    var random = SplitMix64(seed: seed &+ UInt64(done) &* 0x1_0000_0001)
    let order = random.permutation(images.count)
    let steps = images.count / batchSize
    var (loss, correct) = (0.0, 0)
    let start = ContinuousClock.now
    for step in 0..<steps {
      let indices = Array(order[step * batchSize..<(step + 1) * batchSize])
      let batch = images.batch(
        indices, mean: mean, standardDeviation: standardDeviation, augmentation, &random)
      let result = try trainer.step(
        batch, labels: indices.map { images.labels[$0] },
        rate: rate.rate(step: done * steps + step, of: epochs * steps))
      guard result.loss.isFinite else {
        throw ToolError(
          "The loss is no longer a number in epoch \(done + 1): choose a lower --rate. The weights of the epochs before are kept."
        )
      }
      loss += result.loss
      correct += result.correct
      progress.update(
        done * steps + step + 1, of: epochs * steps, note: "loss \((loss / Double(step + 1)).digits(3))")
    }
    progress.finish()
    done += 1
    let seconds = start.duration(to: .now) / .seconds(1)
    let seen = Double(steps * batchSize)
    return Epoch(
      number: done, loss: loss / Double(steps), accuracy: Double(correct) / seen, imagesPerSecond: seen / seconds)
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

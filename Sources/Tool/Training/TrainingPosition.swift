/// How far a run has come and what it came to on the way: what a checkpoint keeps beside weights and optimizer.
struct TrainingPosition: Codable, Equatable {
  /// Epochs that are over.
  var epoch = 0
  /// Steps of the epoch that is not over.
  var step = 0
  /// The state of the generator of random numbers after the last step.
  var random: UInt64 = 0
  /// Means of stretches of the run, and of its epochs.
  private(set) var points: [TrainingPoint] = []
  private(set) var epochs: [TrainingEpoch] = []
  private var sincePoint = TrainingSum()
  private var sinceEpoch = TrainingSum()
  private var seconds = 0.0

  /// The mean loss of the epoch so far.
  var loss: Double { sinceEpoch.meanLoss }

  /// The share of right answers in the epoch so far.
  var accuracy: Double { sinceEpoch.accuracy }

  /// The pace of the epoch so far.
  var imagesPerSecond: Double { sinceEpoch.imagesPerSecond }

  mutating func add(_ sum: TrainingSum) {
    sincePoint.add(sum)
    sinceEpoch.add(sum)
    seconds += sum.seconds
  }

  mutating func endPoint(at epoch: Double, step: Int, rate: Float) {
    points.append(
      TrainingPoint(
        step: step, epoch: epoch, rate: rate, loss: sincePoint.meanLoss, trainingAccuracy: sincePoint.accuracy,
        testAccuracy: nil, imagesPerSecond: sincePoint.imagesPerSecond, seconds: seconds))
    sincePoint = TrainingSum()
  }

  mutating func endEpoch() {
    (epoch, step) = (epoch + 1, 0)
    epochs.append(
      TrainingEpoch(
        epoch: epoch, loss: sinceEpoch.meanLoss, trainingAccuracy: sinceEpoch.accuracy, testAccuracy: 0,
        imagesPerSecond: sinceEpoch.imagesPerSecond))
    sinceEpoch = TrainingSum()
  }

  mutating func note(testAccuracy: Double) {
    guard !points.isEmpty, !epochs.isEmpty else { return }
    points[points.count - 1].testAccuracy = testAccuracy
    epochs[epochs.count - 1].testAccuracy = testAccuracy
  }
}

/// What some steps came to.
struct TrainingSum: Codable, Equatable {
  var steps = 0
  var images = 0
  /// Of the batches' means.
  var loss = 0.0
  var correct = 0
  var seconds = 0.0

  var meanLoss: Double { loss / Double(max(1, steps)) }
  var accuracy: Double { Double(correct) / Double(max(1, images)) }
  var imagesPerSecond: Double { seconds > 0 ? Double(images) / seconds : 0 }

  mutating func add(_ other: TrainingSum) {
    steps += other.steps
    images += other.images
    loss += other.loss
    correct += other.correct
    seconds += other.seconds
  }
}

/// A line of the log: means since the line before.
struct TrainingPoint: Codable, Equatable {
  /// Steps taken.
  let step: Int
  /// Epochs gone through, with the share of the last.
  let epoch: Double
  let rate: Float
  let loss: Double
  let trainingAccuracy: Double
  /// At the end of an epoch.
  var testAccuracy: Double?
  let imagesPerSecond: Double
  /// Of training, without the tests.
  let seconds: Double
}

/// What one epoch came to.
struct TrainingEpoch: Codable, Equatable {
  let epoch: Int
  let loss: Double
  let trainingAccuracy: Double
  var testAccuracy: Double
  let imagesPerSecond: Double

  var description: String {
    "epoch \(epoch): loss \(loss.digits(4)), training \((trainingAccuracy * 100).digits(2)) %, test "
      + "\((testAccuracy * 100).digits(2)) %, \(imagesPerSecond.digits(0)) images/s"
  }
}

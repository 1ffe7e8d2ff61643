import Graph

/// What training minimizes: a function of a classifier's outputs and the right classes.
public protocol Loss: Sendable {
  /// The mean over the batch.
  /// - Parameters:
  ///   - logits: [N,classes].
  ///   - labels: N numbers below classes.
  func callAsFunction(_ logits: Tensor, labels: [Int]) -> LossResult
}

/// A loss and its gradient.
public struct LossResult: Sendable {
  /// The mean over the batch.
  public var loss: Double
  /// By the logits, [N,classes].
  public var gradient: Tensor
  /// How many labels have the largest logit.
  public var correct: Int

  /// A result.
  public init(loss: Double, gradient: Tensor, correct: Int) {
    (self.loss, self.gradient, self.correct) = (loss, gradient, correct)
  }

  /// Adds up over the images what `one` gives for each: it writes the gradient by that image's logits and returns the loss.
  init(
    _ logits: Tensor, labels: [Int],
    one: (_ logits: ArraySlice<Float>, _ label: Int, _ gradient: inout ArraySlice<Double>) -> Double
  ) {
    let (images, classes) = (labels.count, logits.count / max(1, labels.count))
    precondition(logits.count == images * classes && labels.allSatisfy { (0..<classes).contains($0) })
    self.init(loss: 0, gradient: Tensor(shape: logits.shape), correct: 0)
    for image in 0..<images {
      let first = image * classes
      // Indexed by class.
      let row = ArraySlice(Array(logits.values[first..<first + classes]))
      var slopes = ArraySlice([Double](repeating: 0, count: classes))
      loss += one(row, labels[image], &slopes) / Double(images)
      for index in 0..<classes { gradient.values[first + index] = Float(slopes[index] / Double(images)) }
      if row[labels[image]] == row.max() { correct += 1 }
    }
  }
}

/// A batch whose images were mixed with others: the loss is a mixture, too (Zhang et al. 2018, mixup).
public struct MixedLabels: Sendable, Equatable {
  /// The class of what was mixed into each image.
  public var partners: [Int]
  /// The share of the image's own class, 0…1.
  public var share: Float

  /// A mixture.
  public init(partners: [Int], share: Float) { (self.partners, self.share) = (partners, share) }
}

extension Loss {
  /// share · loss(labels) + (1 − share) · loss(partners).
  func callAsFunction(_ logits: Tensor, labels: [Int], mixed: MixedLabels?) -> LossResult {
    var result = self(logits, labels: labels)
    guard let mixed else { return result }
    let other = self(logits, labels: mixed.partners)
    let share = mixed.share
    result.loss = Double(share) * result.loss + Double(1 - share) * other.loss
    for index in result.gradient.values.indices {
      result.gradient.values[index] = share * result.gradient.values[index] + (1 - share) * other.gradient.values[index]
    }
    return result
  }
}

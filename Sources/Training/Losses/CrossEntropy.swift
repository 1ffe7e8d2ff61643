import Foundation
import Graph

/// The cross-entropy of softmax(logits) against class labels, with label smoothing (Szegedy et al. 2015, section 7): the
/// target is 1 − ε for the label plus ε ÷ classes for every class.
public struct CrossEntropy: Sendable {
  /// ε; 0: none.
  public var labelSmoothing: Float

  /// A loss with this smoothing.
  public init(labelSmoothing: Float = 0) { self.labelSmoothing = labelSmoothing }

  /// The mean over the batch.
  public struct Result: Sendable {
    /// In nats.
    public var loss: Double
    /// By the logits, [N,classes].
    public var gradient: Tensor
    /// How many labels have the largest logit.
    public var correct: Int
  }

  /// - Parameters:
  ///   - logits: [N,classes].
  ///   - labels: N numbers below classes.
  public func callAsFunction(_ logits: Tensor, labels: [Int]) -> Result {
    let (images, classes) = (labels.count, logits.count / labels.count)
    precondition(logits.count == images * classes && labels.allSatisfy { (0..<classes).contains($0) })
    var gradient = Tensor(shape: logits.shape)
    var (loss, correct) = (0.0, 0)
    for image in 0..<images {
      let row = logits.values[image * classes..<(image + 1) * classes]
      let largest = row.max() ?? 0
      let exponentials = row.map { exp(Double($0 - largest)) }
      let sum = exponentials.reduce(0, +)
      let label = labels[image]
      if row[row.startIndex + label] == largest { correct += 1 }
      for index in 0..<classes {
        let target = Double(labelSmoothing) / Double(classes) + (index == label ? 1 - Double(labelSmoothing) : 0)
        let logarithm = Double(row[row.startIndex + index] - largest) - log(sum)
        if target > 0 { loss -= target * logarithm }
        gradient.values[image * classes + index] = Float((exponentials[index] / sum - target) / Double(images))
      }
    }
    return Result(loss: loss / Double(images), gradient: gradient, correct: correct)
  }
}

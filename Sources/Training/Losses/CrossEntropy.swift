import Foundation
import Graph

/// The cross-entropy of softmax(logits) against class labels in nats, with label smoothing (Szegedy et al. 2015, section
/// 7): the target is 1 − ε for the label plus ε ÷ classes for every class.
public struct CrossEntropy: Loss {
  /// ε; 0: none.
  public var labelSmoothing: Float

  /// A loss with this smoothing.
  public init(labelSmoothing: Float = 0) { self.labelSmoothing = labelSmoothing }

  /// The mean over the batch.
  public func callAsFunction(_ logits: Tensor, labels: [Int]) -> LossResult {
    LossResult(logits, labels: labels) { row, label, gradient in
      let largest = row.max() ?? 0
      let exponentials = row.map { exp(Double($0 - largest)) }
      let sum = exponentials.reduce(0, +)
      var loss = 0.0
      for index in row.indices {
        let smoothing = Double(labelSmoothing)
        let target = smoothing / Double(row.count) + (index == label ? 1 - smoothing : 0)
        if target > 0 { loss -= target * (Double(row[index] - largest) - log(sum)) }
        gradient[index] = exponentials[index] / sum - target
      }
      return loss
    }
  }
}

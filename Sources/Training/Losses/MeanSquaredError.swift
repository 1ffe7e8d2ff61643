import Graph

/// The mean over classes of (output − target)², target 1 for the label and 0 for the others (Brier 1950 divides by images
/// alone).
public struct MeanSquaredError: Loss {
  /// The loss.
  public init() {}

  /// The mean over the batch.
  public func callAsFunction(_ logits: Tensor, labels: [Int]) -> LossResult {
    LossResult(logits, labels: labels) { row, label, gradient in
      var loss = 0.0
      for index in row.indices {
        let difference = Double(row[index]) - (index == label ? 1 : 0)
        loss += difference * difference / Double(row.count)
        gradient[index] = 2 * difference / Double(row.count)
      }
      return loss
    }
  }
}

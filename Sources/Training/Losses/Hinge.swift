import Graph

/// Hinge losses, as of support vector machines.
public struct Hinge: Loss {
  /// What must keep a distance of 1 from what.
  public enum Margin: Sendable {
    /// The label's output from each other output: Σ max(0, 1 − s[label] + s[other]) (Weston and Watkins 1999).
    case multiClass
    /// Each output from 0, up for the label and down for the others: Σ max(0, 1 ∓ s).
    case oneVersusRest
  }

  /// Which of them.
  public var margin: Margin

  /// A loss.
  public init(_ margin: Margin = .multiClass) { self.margin = margin }

  /// The mean over the batch.
  public func callAsFunction(_ logits: Tensor, labels: [Int]) -> LossResult {
    LossResult(logits, labels: labels) { row, label, gradient in
      var loss = 0.0
      for index in row.indices {
        switch margin {
        case .multiClass:
          let excess = 1 - Double(row[label]) + Double(row[index])
          guard index != label, excess > 0 else { continue }
          loss += excess
          gradient[index] += 1
          gradient[label] -= 1
        case .oneVersusRest:
          let sign: Double = index == label ? 1 : -1
          let excess = 1 - sign * Double(row[index])
          guard excess > 0 else { continue }
          loss += excess
          gradient[index] = -sign
        }
      }
      return loss
    }
  }
}

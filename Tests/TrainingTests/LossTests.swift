import Graph
import Testing

@testable import Training

/// Losses against numbers worked by hand, and their gradients against differences.
@Suite struct LossTests {
  private let logits = Tensor(shape: [2, 3], values: [0.5, 2, 1.25, -1.5, 0.25, 3])

  private func checkGradient(_ loss: some Loss, _ place: SourceLocation = #_sourceLocation) {
    let mixed = MixedLabels(partners: [2, 0], share: 0.75)
    let result = loss(logits, labels: [1, 2], mixed: mixed)
    for index in logits.values.indices {
      func moved(_ step: Float) -> Double {
        var other = logits
        other.values[index] += step
        return loss(other, labels: [1, 2], mixed: mixed).loss
      }
      let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2
      #expect(abs(slope - Double(result.gradient.values[index])) < 2e-4, "\(index)", sourceLocation: place)
    }
  }

  @Test func meanSquaredError() {
    // (0.25 + 1 + 1.5625 + 2.25 + 0.0625 + 4) / 6.
    let result = MeanSquaredError()(logits, labels: [1, 2])
    #expect(abs(result.loss - 9.125 / 6) < 1e-9 && result.correct == 2)
    checkGradient(MeanSquaredError())
  }

  @Test func hinge() {
    // Distances of the label from the others: 1.5, 0.75; 4.5, 2.75. One is short by 0.25.
    #expect(abs(Hinge()(logits, labels: [1, 2]).loss - 0.125) < 1e-9)
    // Label 0: 1 + 1.5, 1 + 0.75; label 1: 0, 1 + 2.75.
    let wrong = Hinge()(logits, labels: [0, 1])
    #expect(abs(wrong.loss - (2.5 + 1.75 + 3.75) / 2) < 1e-9 && wrong.correct == 0)
    // 1 + 0.5, 0, 1 + 1.25; 0, 1 + 0.25, 0.
    #expect(abs(Hinge(.oneVersusRest)(logits, labels: [1, 2]).loss - (1.5 + 2.25 + 1.25) / 2) < 1e-9)
    checkGradient(Hinge())
    checkGradient(Hinge(.oneVersusRest))
  }

  @Test func crossEntropy() {
    checkGradient(CrossEntropy())
    checkGradient(CrossEntropy(labelSmoothing: 0.1))
  }

  @Test func mixesLosses() {
    let loss = CrossEntropy()
    let mixed = loss(logits, labels: [1, 2], mixed: MixedLabels(partners: [0, 0], share: 0.25))
    let (a, b) = (loss(logits, labels: [1, 2]).loss, loss(logits, labels: [0, 0]).loss)
    #expect(abs(mixed.loss - (0.25 * a + 0.75 * b)) < 1e-9 && mixed.correct == 2)
  }
}

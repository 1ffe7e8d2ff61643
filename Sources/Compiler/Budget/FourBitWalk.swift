import Foundation
import Graph

/// Gives layers weights of four bits, one after the other, those first that save most bytes for the noise that they alone
/// add, and keeps each that stays within the budget.
struct FourBitWalk {
  /// Inputs that each layer alone is measured with: noise needs fewer than answers do.
  private static let sampledInputs = 64

  let budget: WidthBudget
  let trials: WidthTrials
  let trial: CalibratedNetwork.Trial
  /// For each input, what the network's inputs hold.
  let inputs: [[[UInt8]]]

  /// What was chosen, and how it fares.
  struct Choice {
    /// Places of layers in the calibrated network.
    var fourBitNodes: Set<Int> = []
    /// Of each layer that may have four bits: the share of noise that it alone adds.
    var noise: [Int: Double] = [:]
    var eightBits = WidthTrials.Outcome()
    var searched = WidthTrials.Outcome()
    var heldBack = WidthTrials.Outcome()
  }

  /// - Throws: `GraphError` when an input does not fit.
  func choose(progress: (Double) -> Void) throws(GraphError) -> Choice {
    var choice = Choice()
    var done = 0
    func advance() {
      done += 1
      progress(Double(done) / Double(2 * trial.fourBitLayers.count + 2))
    }
    choice.eightBits = try run(trials.searched)
    choice.searched = choice.eightBits
    let heldBackEightBits = try run(trials.heldBack)
    choice.heldBack = heldBackEightBits
    for layer in trial.fourBitLayers {
      choice.noise[layer.node] = try noise(of: layer)
      advance()
    }
    var kept: [CalibratedNetwork.TrialLayer] = []
    for layer in ordered(choice.noise) {
      trial.model.set(.four, ofOperator: layer.operatorIndex)
      let outcome = try run(trials.searched)
      if budget.allows(outcome, eightBits: choice.eightBits) {
        kept.append(layer)
        choice.searched = outcome
      } else {
        trial.model.set(.eight, ofOperator: layer.operatorIndex)
      }
      advance()
    }
    if !kept.isEmpty { choice.heldBack = try run(trials.heldBack) }
    while !budget.allows(choice.heldBack, eightBits: heldBackEightBits) || !keepsWithinTogether(choice),
      let last = kept.popLast()
    {
      trial.model.set(.eight, ofOperator: last.operatorIndex)
      (choice.searched, choice.heldBack) = (try run(trials.searched), try run(trials.heldBack))
    }
    choice.fourBitNodes = Set(kept.map(\.node))
    return choice
  }

  /// All inputs together keep within a budget of answers; what each half does is a matter of chance.
  private func keepsWithinTogether(_ choice: Choice) -> Bool {
    guard case .drop(let points, _) = budget else { return true }
    return choice.searched.drop.adding(choice.heldBack.drop).points <= points
  }

  /// The least noise for each byte saved first.
  private func ordered(_ noise: [Int: Double]) -> [CalibratedNetwork.TrialLayer] {
    func price(_ layer: CalibratedNetwork.TrialLayer) -> Double {
      noise[layer.node, default: 0] / Double(max(1, layer.weightBytes))
    }
    return trial.fourBitLayers.sorted { (price($0), $0.node) < (price($1), $1.node) }
  }

  private func noise(of layer: CalibratedNetwork.TrialLayer) throws(GraphError) -> Double {
    let all = trials.searched
    let count = min(all.count, Self.sampledInputs)
    let sample = (0..<count).map { all[$0 * all.count / count] }
    let before = try run(sample).noiseShare
    trial.model.set(.four, ofOperator: layer.operatorIndex)
    let after = try run(sample).noiseShare
    trial.model.set(.eight, ofOperator: layer.operatorIndex)
    return max(0, after - before)
  }

  private func run(_ examples: [Int]) throws(GraphError) -> WidthTrials.Outcome {
    try trials.run(trial.model, examples, inputs)
  }
}

extension WidthBudget {
  /// Whether an outcome on some of the inputs keeps within the budget, or is no worse than weights of eight bits on the same.
  func allows(_ outcome: WidthTrials.Outcome, eightBits: WidthTrials.Outcome) -> Bool {
    switch self {
    case .drop(let points, _): outcome.drop.points <= max(points, eightBits.drop.points)
    case .noise(let decibels, _): outcome.noiseShare <= eightBits.noiseShare * pow(10, decibels / 10)
    }
  }
}

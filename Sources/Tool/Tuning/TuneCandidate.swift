import Architectures
import Compiler
import Foundation
import Graph

/// One choice of what `martlet tune` searches over.
struct TuneCandidate: Codable, Equatable {
  let number: Int
  let rate: Float
  let width: Double
  let shift: Int
  let flip: Bool
  let cutout: Int
  let mixup: Double
  /// Of the network as it would be packed.
  let parameters: Int
  let macs: Int
  let arenaBytes: Int
  /// Why it is not trained; nil: it is.
  let refusal: String?

  /// The flags of `martlet train` that mean it.
  var flags: String {
    var text = "--rate \(rate) --width \(width)"
    if shift > 0 { text += " --shift \(shift)" }
    if flip { text += " --flip" }
    if cutout > 0 { text += " --cutout \(cutout)" }
    if mixup > 0 { text += " --mixup \(mixup)" }
    return text
  }

  /// The training options that mean it.
  func applied(to options: TrainingOptions) -> TrainingOptions {
    var options = options
    var (method, changes) = (options.method, options.changes)
    method.rate = rate
    (changes.shift, changes.flip, changes.cutout, changes.mixup) = (shift, flip, cutout, mixup)
    (options.method, options.changes, options.width) = (method, changes, width)
    return options
  }
}

/// Draws candidates: the same ones for the same seed.
struct TuneSpace {
  let rates: ClosedRange<Double>
  let widths: [Double]
  /// Whether changes of pictures are searched over, too.
  let searchesChanges: Bool
  let budgetArena: Int?
  let budgetMACs: Int?
  private static let drawsATrial = 20

  /// Candidates until `trials` of them are within the budgets; those beyond are among them, with the reason.
  /// - Throws: a sentence when hardly any is within the budgets.
  func draw(
    _ trials: Int, _ known: any Architecture, _ options: TrainingOptions, seed: UInt64
  ) throws -> [TuneCandidate] {
    var random = SplitMix64(seed: seed)
    var sizes: [Double: (parameters: Int, macs: Int, arenaBytes: Int)] = [:]
    var found: [TuneCandidate] = []
    var accepted = 0
    let sides = options.inputSize?.picture ?? known.inputSize
    while accepted < trials {
      guard found.count < Self.drawsATrial * trials else {
        throw ToolError(
          "Of \(found.count) candidates only \(accepted) are within the budgets: allow more, or give smaller --widths.")
      }
      let share = Double(random.next() >> 11) / Double(1 << 53)
      let rate = Float(rates.lowerBound * pow(rates.upperBound / rates.lowerBound, share))
      let width = widths[random.below(widths.count)]
      let shift = [0, 2, 4][random.below(3)]
      let flip = random.below(2) == 1
      let cutout = [0, min(sides.height, sides.width) / 4][random.below(2)]
      let mixup = [0, 0.2][random.below(2)]
      let size = try sizes[width] ?? Self.size(known, options, width: width)
      sizes[width] = size
      let refusal = refusal(size.arenaBytes, size.macs)
      found.append(
        TuneCandidate(
          number: found.count + 1, rate: rounded(rate), width: width,
          shift: searchesChanges ? shift : options.changes.shift, flip: searchesChanges ? flip : options.changes.flip,
          cutout: searchesChanges ? cutout : options.changes.cutout,
          mixup: searchesChanges ? mixup : options.changes.mixup, parameters: size.parameters, macs: size.macs,
          arenaBytes: size.arenaBytes, refusal: refusal))
      if refusal == nil { accepted += 1 }
    }
    return found
  }

  private func refusal(_ arenaBytes: Int, _ macs: Int) -> String? {
    if let budgetArena, arenaBytes > budgetArena {
      return "needs an arena of \(arenaBytes.grouped) bytes, more than \(budgetArena.grouped)"
    }
    if let budgetMACs, macs > budgetMACs {
      return "takes \(macs.grouped) multiply-accumulates, more than \(budgetMACs.grouped)"
    }
    return nil
  }

  /// Three digits, so that the command line that repeats a trial has the very number.
  private func rounded(_ rate: Float) -> Float { Float(String(format: "%.3g", Double(rate))) ?? rate }

  private static func size(
    _ known: any Architecture, _ options: TrainingOptions, width: Double
  ) throws -> (parameters: Int, macs: Int, arenaBytes: Int) {
    var built = options.architectureOptions
    (built.width, built.forTraining) = (width, false)
    var graph = try known.build(built)
    let arenaBytes = try MemoryPlanner(graph).plan(.automatic).arenaBytes
    let parameters = graph.trainableCount
    try simplify(&graph)
    let macs = graph.nodes.reduce(0) { sum, node in
      sum
        + node.operation.macs(inputs: node.inputs.map { graph[$0].shape }, output: graph[node.outputs[0]].shape)
    }
    return (parameters, macs, arenaBytes)
  }
}

/// Orders a network's steps anew where that lowers what whole tensors need at once, as among the branches of a block.
///
/// Beam search over the sets of steps that are done: from each, every step whose inputs are there may come next. Of
/// beginnings with the same steps done the one with the lowest peak is kept, of all of one length the `beam` lowest. The same
/// network always gets the same order.
struct StepOrder {
  private let storages: [RowNetwork.Storage]
  private let stepCount: Int
  /// The steps that each step waits for.
  private var needs: [[Int]]
  private let outputs: [Int]
  private let operands: [[Int]]
  private let scratch: [Int]
  private let beam = 24

  init(_ network: RowNetwork) {
    storages = network.storages
    stepCount = network.steps.count
    outputs = network.steps.map(\.output)
    operands = network.steps.map { Array(Set($0.operands.map(\.storage))).sorted() }
    scratch = network.steps.map(\.scratchBytes)
    needs = network.steps.indices.map { step in
      Set(network.steps[step].operands.flatMap { network.storages[$0.storage].writers.filter { $0 < step } }).sorted()
    }
  }

  private struct Beginning {
    var order: [Int] = []
    var done: [Bool]
    var waitsFor: [Int]
    var readersLeft: [Int]
    var isAlive: [Bool]
    var live = 0
    var peak = 0
  }

  /// The best order found, or nil when none has a lower peak than the one at hand.
  func better() -> [Int]? {
    var start = Beginning(
      done: Array(repeating: false, count: stepCount), waitsFor: needs.map(\.count),
      readersLeft: storages.map { Set($0.readers.map(\.step)).count }, isAlive: storages.map(\.isInput))
    start.live = storages.reduce(0) { $0 + ($1.isInput ? $1.bytes : 0) }
    var readersOf = Array(repeating: [Int](), count: stepCount)
    for step in needs.indices { for other in needs[step] { readersOf[other].append(step) } }
    var given = start
    for step in 0..<stepCount { given = following(given, step, readersOf) }
    var beginnings = [start]
    for _ in 0..<stepCount {
      var next: [[Bool]: Beginning] = [:]
      for beginning in beginnings {
        for step in 0..<stepCount where !beginning.done[step] && beginning.waitsFor[step] == 0 {
          let candidate = following(beginning, step, readersOf)
          guard candidate.peak < given.peak else { continue }
          if let known = next[candidate.done], StepOrder.rank(known) <= StepOrder.rank(candidate) { continue }
          next[candidate.done] = candidate
        }
      }
      beginnings = Array(next.values.sorted { StepOrder.isBefore($0, $1) }.prefix(beam))
      if beginnings.isEmpty { return nil }
    }
    return beginnings.first?.order
  }

  private static func rank(_ beginning: Beginning) -> Int { beginning.peak }

  private static func isBefore(_ a: Beginning, _ b: Beginning) -> Bool {
    if (a.peak, a.live) != (b.peak, b.live) { return (a.peak, a.live) < (b.peak, b.live) }
    return a.order.lexicographicallyPrecedes(b.order)
  }

  private func following(_ beginning: Beginning, _ step: Int, _ readersOf: [[Int]]) -> Beginning {
    var next = beginning
    next.order.append(step)
    next.done[step] = true
    for reader in readersOf[step] { next.waitsFor[reader] -= 1 }
    let output = outputs[step]
    if !next.isAlive[output] {
      next.isAlive[output] = true
      next.live += storages[output].bytes
    }
    next.peak = max(next.peak, next.live + scratch[step])
    for storage in operands[step] {
      next.readersLeft[storage] -= 1
      if next.readersLeft[storage] == 0, !storages[storage].isOutput, next.isAlive[storage] {
        next.isAlive[storage] = false
        next.live -= storages[storage].bytes
      }
    }
    return next
  }
}

extension QuantizedNetwork {
  /// The network with its steps in another order that needs less memory as whole tensors, if one is found.
  func reordered(_ rows: RowNetwork) -> QuantizedNetwork? {
    // More steps take too long; a chain has but one order.
    guard steps.count <= 512, let order = StepOrder(rows).better() else { return nil }
    var network = self
    network.steps = order.map { steps[$0] }
    return network
  }
}

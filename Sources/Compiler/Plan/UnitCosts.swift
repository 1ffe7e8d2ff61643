/// A stretch of adjacent steps that run as one: a single step with all of its rows, or a group that advances by rows.
struct PlanUnit: Equatable {
  var steps: Range<Int>
  /// About how many pixels a turn computes; nil: all rows.
  var pixels: Int?
}

/// What units need and take: bytes alive while they run, and time beyond that of whole tensors. Computed once each.
final class UnitCosts {
  struct Cost {
    /// Bytes of all tensors and scratch that are alive while the unit runs.
    var bytes: Int
    /// Bytes of what the unit's own tensors hold, a lower bound of `bytes` for longer units.
    var ownBytes: Int
    /// Estimated nanoseconds that running by rows takes longer than running whole.
    var delay: Double
  }

  let network: RowNetwork
  let pushesInput: Bool
  /// The first unit step that reads the network's first input.
  let firstReader: Int
  private var known: [Key: Cost] = [:]

  private struct Key: Hashable {
    var first: Int
    var end: Int
    var pixels: Int
  }

  /// Pixels a turn that are tried, from the fewest.
  static let pixelChoices = [1, 14, 28, 56, 112, 224, 448, 896, 1792]
  /// Most steps in a group.
  static let groupLimit = 128

  init(_ network: RowNetwork, pushesInput: Bool) {
    self.network = network
    self.pushesInput = pushesInput
    firstReader = network.storages[network.firstInput].readers.map(\.step).min() ?? 0
  }

  /// Whether a unit begins with rows that the caller gives.
  func pushes(_ steps: Range<Int>) -> Bool { pushesInput && steps.contains(firstReader) }

  /// The rows of a unit, computed anew.
  func stream(_ unit: PlanUnit) -> RowStream {
    RowStream(network, steps: unit.steps, pixels: unit.pixels, pushesInput: pushes(unit.steps))
  }

  /// Whether nothing outside `steps` reads or writes a storage.
  func isInside(_ storage: Int, _ steps: Range<Int>) -> Bool {
    let memory = network.storages[storage]
    if memory.isInput, !(pushes(steps) && storage == network.firstInput) { return false }
    return memory.mayBeRing && !memory.isOutput && memory.writers.allSatisfy(steps.contains)
      && memory.readers.allSatisfy { steps.contains($0.step) }
  }

  /// The first and last step during which a storage holds something that units outside may need.
  func lifetime(_ storage: Int) -> ClosedRange<Int> {
    let memory = network.storages[storage]
    let isPushed = pushesInput && storage == network.firstInput
    let first = memory.isInput ? (isPushed ? firstReader : 0) : memory.writers.min() ?? 0
    let last = (memory.readers.map(\.step) + memory.writers).max() ?? first
    return first...max(first, memory.isOutput ? network.steps.count : last)
  }

  private lazy var lifetimes = network.storages.indices.map(lifetime)

  func cost(_ unit: PlanUnit) -> Cost {
    let key = Key(first: unit.steps.lowerBound, end: unit.steps.upperBound, pixels: unit.pixels ?? 0)
    if let cost = known[key] { return cost }
    let cost = computeCost(unit)
    known[key] = cost
    return cost
  }

  private func computeCost(_ unit: PlanUnit) -> Cost {
    let steps = unit.steps
    var own = 0
    var outside = 0
    let isSingle = steps.count == 1 && !pushes(steps)
    let stream = isSingle ? nil : self.stream(unit)
    for storage in network.storages.indices where lifetimes[storage].overlaps(steps.lowerBound...steps.upperBound - 1) {
      let memory = network.storages[storage]
      if isInside(storage, steps), let held = stream?.rowsHeld[storage] {
        own += roundedUp(min(held, memory.height) * memory.rowBytes, to: 16)
      } else {
        outside += roundedUp(memory.bytes, to: 16)
      }
    }
    let scratch = steps.map { network.steps[$0].scratchBytes }.max() ?? 0
    if isSingle, let overwritten = overwritten(by: steps.lowerBound) {
      outside -= roundedUp(network.storages[overwritten].bytes, to: 16)
    }
    return Cost(bytes: own + outside + scratch, ownBytes: own, delay: stream.map { delay(unit, $0) } ?? 0)
  }

  /// The storage that a step running whole may write its output over: one that nothing needs afterwards.
  private func overwritten(by step: Int) -> Int? {
    let output = network.steps[step].output
    return network.steps[step].overwritable.first {
      $0 != output && lifetimes[$0].upperBound == step && lifetimes[output].lowerBound == step
        && network.storages[$0].bytes == network.storages[output].bytes
    }
  }
}

func roundedUp(_ bytes: Int, to alignment: Int) -> Int { (bytes + alignment - 1) / alignment * alignment }

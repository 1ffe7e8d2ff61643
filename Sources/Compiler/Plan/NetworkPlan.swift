import Martlet

/// Where the tensors and the scratch of a network lie, and in which turns its steps compute rows.
struct NetworkPlan {
  var tensorOffsets: [Int]
  /// Rows that each tensor has room for.
  var rowsHeld: [Int]
  var scratchOffsets: [Int]
  /// Empty when every step computes all of its rows in its turn.
  var turns: [PlannedTurn] = []
  var units: [PlanUnit]
  /// A multiple of 64.
  var arenaBytes: Int
  /// The fewest bytes that any placement of these units takes, as far as is proved, without slack and alignment.
  var lowerBoundBytes: Int
  /// The scratch in it.
  var boundScratchBytes: Int
  /// Bytes after the last tensor or scratch.
  var tailBytes: Int
  /// Whether no smaller plan exists for these units.
  var isProvenSmallest: Bool
  /// What storages' offsets are multiples of.
  var alignment = 64
  /// The units during which the buffer that ends highest is alive.
  var highestUnits = 0..<0

  /// Places the memory of a cut into units, at multiples of 64 bytes, or of fewer where that takes less.
  /// - Parameters:
  ///   - steps: how many orders of placing may be tried.
  ///   - limit: a plan of so many bytes or more is of no use.
  ///   - target: a plan of so many bytes is as good as any smaller one.
  ///   - alignments: what offsets may be multiples of: the next one is tried where the one before misses the bound.
  init(
    _ network: QuantizedNetwork, _ costs: UnitCosts, _ units: [PlanUnit], steps: Int = 2000, limit: Int = .max,
    target: Int = 0, alignments: [Int] = [64, 16, 4]
  ) {
    let rows = costs.network
    var rowsHeld = rows.storages.map(\.height)
    var unitOfStep = [Int](repeating: 0, count: rows.steps.count + 1)
    unitOfStep[rows.steps.count] = units.count
    for (index, unit) in units.enumerated() {
      for step in unit.steps { unitOfStep[step] = index }
      let unitRows = costs.rows(unit)
      turns += unitRows.turns
      for (storage, held) in unitRows.held where costs.isInside(storage, unit.steps) {
        rowsHeld[storage] = min(rowsHeld[storage], held)
      }
    }
    if units.allSatisfy({ $0.chunk == nil }), !turns.contains(where: { $0.step < 0 }),
      turns.count == rows.steps.count
    {
      turns = []
    }
    var found: ArenaPlan?
    var buffers: [ArenaBuffer] = []
    for alignment in alignments {
      buffers = arenaBuffers(costs, units, unitOfStep: unitOfStep, rowsHeld: rowsHeld, alignment: alignment)
      let next = planArena(
        buffers, searchNodes: alignments.count == 1 ? 1000 : 100_000, steps: steps, limit: limit, target: target)
      if found.map({ roundedUp(next.arenaBytes, to: 64) < roundedUp($0.arenaBytes, to: 64) }) ?? true {
        (found, self.alignment) = (next, alignment)
      }
      if found!.arenaBytes <= max(target, roundedUp(found!.lowerBoundBytes + Limits.slackBytes, to: 64)) { break }
      if found!.arenaBytes - found!.arenaBytes / 16 > limit { break }
    }
    let plan = found!
    let ends = zip(plan.offsets, buffers).map { $0 + $1.bytes }
    if let highest = buffers.indices.max(by: { ends[$0] < ends[$1] }) {
      highestUnits = buffers[highest].firstOperator..<min(units.count, buffers[highest].lastOperator + 1)
    }
    let count = rows.storages.count
    tensorOffsets = rows.placeOfTensor.map { plan.offsets[$0.storage] + $0.offset }
    self.rowsHeld = network.tensors.indices.map { tensor in
      let storage = rows.placeOfTensor[tensor].storage
      return rows.storages[storage].mayBeRing ? rowsHeld[storage] : network.tensors[tensor].shape.height
    }
    scratchOffsets = rows.steps.indices.map { plan.offsets[count + unitOfStep[$0]] }
    self.units = units
    arenaBytes = roundedUp(plan.arenaBytes, to: 64)
    lowerBoundBytes = plan.lowerBoundBytes
    let last = rows.storages.indices.map { plan.offsets[$0] + rowsHeld[$0] * rows.storages[$0].rowBytes }.max() ?? 0
    let lastScratch =
      rows.steps.indices.map { plan.offsets[count + unitOfStep[$0]] + rows.steps[$0].scratchBytes }.max() ?? 0
    tailBytes = arenaBytes - max(last, lastScratch)
    // A network of reshapes alone has no units.
    let peakSteps = plan.peakOperator < units.count ? units[plan.peakOperator].steps : 0..<0
    boundScratchBytes = peakSteps.map { rows.steps[$0].scratchBytes }.max() ?? 0
    isProvenSmallest = plan.isProvenSmallest
  }
}

/// Every storage, then the scratch of every unit, which its steps share. Time goes by units.
private func arenaBuffers(
  _ costs: UnitCosts, _ units: [PlanUnit], unitOfStep: [Int], rowsHeld: [Int], alignment: Int
) -> [ArenaBuffer] {
  let network = costs.network
  var buffers = network.storages.indices.map { storage in
    let lifetime = costs.lifetimes[storage]
    return ArenaBuffer(
      bytes: rowsHeld[storage] * network.storages[storage].rowBytes, alignment: alignment,
      firstOperator: unitOfStep[lifetime.lowerBound], lastOperator: unitOfStep[lifetime.upperBound],
      slackBytes: Limits.slackBytes)
  }
  for unit in units where unit.steps.count == 1 && unit.chunk == nil {
    let step = network.steps[unit.steps.lowerBound]
    if network.storages[step.output].writers.count == 1 { buffers[step.output].mayOverwrite = step.overwritable }
  }
  for unit in units where unit.overlays {
    for (follower, distance) in costs.cost(unit).overlays {
      buffers[follower.written].follows = (follower.read, distance)
    }
  }
  for (index, unit) in units.enumerated() {
    let bytes = unit.steps.map { network.steps[$0].scratchBytes }.max() ?? 0
    buffers.append(ArenaBuffer(bytes: bytes, alignment: 64, firstOperator: index, lastOperator: index))
  }
  return buffers
}

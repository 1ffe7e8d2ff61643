import Martlet

/// Where the tensors and the scratch of a network lie.
struct NetworkPlan {
  var tensorOffsets: [Int]
  var scratchOffsets: [Int]
  /// A multiple of 64.
  var arenaBytes: Int
  /// The largest set of tensors and scratch that are alive together, without slack and alignment.
  var lowerBoundBytes: Int
  /// Whether no smaller plan exists for this order of operators.
  var isProvenSmallest: Bool

  /// Plans with tensors at multiples of 64 bytes, or of 16 where that takes less.
  init(_ network: QuantizedNetwork, _ records: NetworkRecords) {
    let wide = planArena(arenaBuffers(network, records, alignment: 64))
    let narrow = planArena(arenaBuffers(network, records, alignment: 16))
    let plan = roundedUp(narrow.arenaBytes) < roundedUp(wide.arenaBytes) ? narrow : wide
    let count = network.tensors.count
    tensorOffsets = Array(plan.offsets[..<count])
    scratchOffsets = Array(plan.offsets[count...])
    arenaBytes = roundedUp(plan.arenaBytes)
    lowerBoundBytes = plan.lowerBoundBytes
    isProvenSmallest = narrow.isProvenSmallest && roundedUp(plan.arenaBytes) == roundedUp(narrow.arenaBytes)
  }
}

private func roundedUp(_ bytes: Int) -> Int { (bytes + 63) & ~63 }

/// Every tensor, then the scratch of every operator.
private func arenaBuffers(_ network: QuantizedNetwork, _ records: NetworkRecords, alignment: Int) -> [ArenaBuffer] {
  var buffers = records.tensors.enumerated().map { index, record in
    ArenaBuffer(
      bytes: record.byteCount, alignment: alignment, firstOperator: 0, lastOperator: 0,
      slackBytes: Limits.slackBytes, alias: network.tensors[index].alias)
  }
  for (position, step) in network.steps.enumerated() {
    buffers[step.output].firstOperator = position
    buffers[step.output].lastOperator = position
  }
  for (index, tensor) in network.tensors.enumerated() {
    if let alias = tensor.alias {
      buffers[index].firstOperator = buffers[alias].firstOperator
      buffers[index].lastOperator = buffers[alias].firstOperator
    }
  }
  for (position, step) in network.steps.enumerated() {
    for input in step.inputs { buffers[input].lastOperator = position }
    buffers[step.output].mayOverwrite = overwritable(step, network, records)
  }
  // An output is read after the last step, which therefore must not write over it.
  for output in network.outputs { buffers[output].lastOperator = network.steps.count }
  for (position, record) in records.operators.enumerated() {
    buffers.append(
      ArenaBuffer(bytes: Int(record.scratchBytes), alignment: 64, firstOperator: position, lastOperator: position))
  }
  return buffers
}

/// Inputs of a step that its output may lie over: of the same shape, element by element, and not also read otherwise.
private func overwritable(
  _ step: QuantizedNetwork.Step, _ network: QuantizedNetwork, _ records: NetworkRecords
) -> [Int] {
  func storage(_ tensor: Int) -> Int { network.tensors[tensor].alias.map(storage) ?? tensor }
  func worksInPlace(_ position: Int) -> Bool { Every.worksInPlace(code: step.lowered.code, input: position) }
  let output = network.tensors[step.output].shape
  return step.inputs.indices.filter { position in
    let input = step.inputs[position]
    return worksInPlace(position) && network.tensors[input].shape == output
      && step.inputs.indices.allSatisfy { other in
        storage(step.inputs[other]) != storage(input)
          || (worksInPlace(other) && network.tensors[step.inputs[other]].shape == output)
      }
  }.map { step.inputs[$0] }
}

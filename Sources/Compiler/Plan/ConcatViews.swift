/// Concatenations along the channels that copy nothing: their inputs are written directly into the pixels of the output.
///
/// That needs inputs of the output's quantization (no table) that a step computes, that have their own shape's memory to
/// themselves, and that nothing reads but the concatenation; and an output that is not read in another shape, in which its
/// parts are no channels. What cannot be written in place keeps its Concat.
func viewConcats(_ network: inout QuantizedNetwork) {
  var removed: Set<Int> = []
  for (position, step) in network.steps.enumerated().reversed() {
    guard step.lowered.code == 10, step.lowered.parameters == [2], step.lowered.table.isEmpty,
      step.inputs.allSatisfy({ canBePart($0, ofOutputOf: position, network) }),
      Set(step.inputs).count == step.inputs.count, !isReshaped(step.output, network)
    else { continue }
    var offset = 0
    for input in step.inputs {
      network.tensors[input].part = .init(whole: step.output, byteOffset: offset)
      let tensor = network.tensors[input]
      offset += tensor.shape.channels * tensor.quantization.element.byteCount
    }
    removed.insert(position)
  }
  network.steps = network.steps.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
}

private func canBePart(_ tensor: Int, ofOutputOf position: Int, _ network: QuantizedNetwork) -> Bool {
  network.tensors[tensor].alias == nil && network.tensors[tensor].part == nil
    && !network.inputs.contains(tensor) && !network.outputs.contains(tensor)
    && network.steps.contains { $0.output == tensor }
    && !network.tensors.contains { $0.alias == tensor }
    && network.steps.enumerated().allSatisfy { $0.offset == position || !$0.element.inputs.contains(tensor) }
}

/// Whether a view of the tensor, or a view of that, has another shape.
private func isReshaped(_ tensor: Int, _ network: QuantizedNetwork) -> Bool {
  network.tensors.indices.contains { view in
    network.tensors[view].alias == tensor
      && (network.tensors[view].shape.sizes != network.tensors[tensor].shape.sizes || isReshaped(view, network))
  }
}

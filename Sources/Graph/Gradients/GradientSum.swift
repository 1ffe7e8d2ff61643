import CShim

/// The gradient by one value: the sum of those that came from the layers that read it.
struct GradientSum: Sendable {
  private var tensor: Tensor?
  /// Whether nobody else reads the tensor's memory.
  private var isOwned = false

  /// Takes up one more.
  /// - Parameter isOwned: whether the tensor's memory may be used again when the sum is no longer needed.
  mutating func add(_ gradient: Tensor, isOwned: Bool, on workers: Workers) {
    guard var sum = tensor.take() else {
      (tensor, self.isOwned) = (gradient, isOwned)
      return
    }
    // A sum whose memory others still read is copied here.
    sum.values.withUnsafeMutableBufferPointer { sum in
      gradient.withPointer { gradient in
        guard let base = sum.baseAddress else { return }
        nonisolated(unsafe) let (into, gradient) = (base, gradient)
        workers.split(sum.count, minimum: smallestElementwisePart) { range in
          martlet_float_accumulate(into + range.lowerBound, gradient + range.lowerBound, range.count)
        }
      }
    }
    (tensor, self.isOwned) = (sum, true)
    if isOwned { workers.buffers.give(gradient.values) }
  }

  /// The sum, which is then no longer here, and whether its memory may be used again.
  mutating func take() -> (tensor: Tensor, isOwned: Bool)? { tensor.take().map { ($0, isOwned) } }
}

extension Tensor {
  /// Whether both are the same values at the same place.
  func sharesMemory(with other: Tensor) -> Bool {
    withPointer { mine in other.withPointer { mine == $0 } }
  }
}

extension Graph {
  /// For each node that can take over the clamp after it in training: the clamping activation's node.
  var clampingNodes: [Int: Int] {
    var readers = [[Int]](repeating: [], count: values.count)
    for (index, node) in nodes.enumerated() { for id in node.inputs { readers[id.index].append(index) } }
    for id in outputs { readers[id.index].append(-1) }
    var result: [Int: Int] = [:]
    for (index, node) in nodes.enumerated() {
      guard node.operation.fusesClamp, !(node.operation is Activation), node.clamp == nil, node.outputs.count == 1,
        readers[node.outputs[0].index].count == 1, let reader = readers[node.outputs[0].index].first, reader > index,
        nodes[reader].clamp == nil, (nodes[reader].operation as? Activation)?.function.clamp != nil
      else { continue }
      result[index] = reader
    }
    return result
  }
}

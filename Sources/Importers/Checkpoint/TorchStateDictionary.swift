import Archives
import Graph

/// Finds the named tensors among the objects of a torch archive, and reads them.
struct TorchStateDictionary {
  let machine: PickleMachine
  let root: PickleValue
  /// Bytes of the whole archive.
  let fileBytes: Int

  /// Where training programs put the weights beside other state.
  private static let weightKeys = ["state_dict", "model_state_dict", "model", "network", "net"]

  /// Reads the tensors; `storage` gives the source and byte range of a storage's elements.
  func tensors(
    _ storage: (TorchStorage) throws(CheckpointError) -> (source: ByteSource, bytes: Range<Int>)
  ) throws(CheckpointError) -> [(name: String, tensor: Tensor)] {
    let source = machine.source
    var records: [(name: String, tensor: Int)] = []
    var budget = source.count
    try collect(weights(), prefix: "", depth: 0, budget: &budget, into: &records)
    // Tensors may share a storage, as tied weights do; more sharing than that is an attempt to exhaust memory.
    var elementBudget = 64 + 4 * fileBytes
    var result: [(name: String, tensor: Tensor)] = []
    for record in records {
      let tensor = machine.tensors[record.tensor]
      elementBudget -= tensor.count
      guard elementBudget >= 0 else {
        throw CheckpointError("\(source.name) describes more numbers than it holds: it is damaged or hostile.")
      }
      result.append((record.name, try read(tensor, named: record.name, storage)))
    }
    return result
  }

  private func read(
    _ tensor: TorchTensor, named name: String,
    _ storage: (TorchStorage) throws(CheckpointError) -> (source: ByteSource, bytes: Range<Int>)
  ) throws(CheckpointError) -> Tensor {
    let record = machine.storages[tensor.storage]
    let (source, bytes) = try storage(record)
    let elementBytes = record.type.byteCount
    // A record that contradicts another one of the same storage may state any position.
    let (first, overflow) = (record.start + tensor.start).multipliedReportingOverflow(by: elementBytes)
    let (count, countOverflow) = tensor.spanCount.multipliedReportingOverflow(by: elementBytes)
    guard !overflow, !countOverflow, first <= bytes.count, count <= bytes.count - first else {
      throw CheckpointError("\(source.name) is damaged: the numbers of \(name) lie outside their storage.")
    }
    let start = bytes.lowerBound + first
    let span = source.withUnsafeBytes {
      record.type.values(UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
    }
    return tensor.dense(span)
  }

  /// The dictionary of weights: the root, or the entry of the root that such programs name so.
  private func weights() -> PickleValue {
    guard case .dictionary(let index) = root else { return root }
    let items = machine.containers[index]
    for key in Self.weightKeys {
      for position in stride(from: 0, to: items.count - 1, by: 2) where items[position].text == key {
        if case .dictionary = items[position + 1] { return items[position + 1] }
      }
    }
    return root
  }

  private func collect(
    _ value: PickleValue, prefix: String, depth: Int, budget: inout Int,
    into records: inout [(name: String, tensor: Int)]
  ) throws(CheckpointError) {
    budget -= 1
    guard depth <= 8, budget >= 0, prefix.utf8.count <= 1024, records.count < 1 << 17 else {
      throw CheckpointError(
        "\(machine.source.name) has too many tensors, or too long or deeply nested names; save the weights alone, with "
          + "torch.save(model.state_dict(), path).")
    }
    switch value {
    case .tensor(let index):
      records.append((prefix.isEmpty ? "tensor" : prefix, index))
    case .dictionary(let index):
      let items = machine.containers[index]
      for position in stride(from: 0, to: items.count - 1, by: 2) {
        let key = items[position].text ?? items[position].integer.map(String.init) ?? "?"
        try collect(
          items[position + 1], prefix: prefix.isEmpty ? key : "\(prefix).\(key)", depth: depth + 1, budget: &budget,
          into: &records)
      }
    case .list(let index), .tuple(let index):
      for (position, element) in machine.containers[index].enumerated() {
        try collect(
          element, prefix: prefix.isEmpty ? "\(position)" : "\(prefix).\(position)", depth: depth + 1, budget: &budget,
          into: &records)
      }
    case .none, .boolean, .integer, .real, .text, .bytes, .global, .storage:
      break
    }
  }
}

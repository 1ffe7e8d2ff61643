import Martlet

/// What planning by rows needs to know of a network: which memory each step writes and reads, and which rows of it.
struct RowNetwork {
  /// Memory of one tensor, or of several that share it: aliases under another shape, and parts of a concatenation.
  struct Storage {
    var height: Int
    var rowBytes: Int
    /// Whether a ring of rows may stand for it: no other shape names its bytes.
    var mayBeRing = true
    /// Steps that write it; none for a network input.
    var writers: [Int] = []
    var readers: [Reader] = []
    var isInput = false
    var isOutput = false

    var bytes: Int { height * rowBytes }
  }

  /// A step that reads a storage, and the rows that each of its output rows needs.
  struct Reader {
    var step: Int
    var operand: Int
    /// For each output row, the first row that it or any later one needs. Never decreases.
    var begins: [Int]
    /// For each output row, one past the last row that it or any earlier one needs.
    var ends: [Int]
  }

  struct Step {
    var height: Int
    var width: Int
    var channels: Int
    var output: Int
    /// Storage and its reader's number, for each operand.
    var operands: [(storage: Int, reader: Int)] = []
    var scratchBytes: Int
    /// Whether two rows at once take less time than two rows one after the other.
    var pairsRows: Bool
    var macs: Int
    var weightBytes: Int
    /// Whether every row of the output needs all rows of some operand: it then runs once.
    var needsAllRows = false
    /// Storages that the output may overwrite when the step runs whole.
    var overwritable: [Int] = []
  }

  var storages: [Storage] = []
  var steps: [Step] = []
  /// The storage of each tensor, and where in a row it begins.
  var placeOfTensor: [(storage: Int, offset: Int)] = []
  /// The storage of the network's first input.
  var firstInput: Int

  init(_ network: QuantizedNetwork, _ records: NetworkRecords) {
    let homes = network.tensors.indices.map { tensor in
      var (home, offset) = (tensor, 0)
      while let outer = network.tensors[home].alias ?? network.tensors[home].part?.whole {
        offset += network.tensors[home].part?.byteOffset ?? 0
        home = outer
      }
      return (home: home, offset: offset)
    }
    var storageOfHome: [Int: Int] = [:]
    for tensor in network.tensors.indices {
      let (home, offset) = homes[tensor]
      if storageOfHome[home] == nil {
        storageOfHome[home] = storages.count
        let record = records.tensors[home]
        storages.append(Storage(height: Int(record.height), rowBytes: Int(record.rowPitchBytes)))
      }
      let storage = storageOfHome[home]!
      placeOfTensor.append((storage, offset))
      if network.tensors[tensor].shape.sizes.prefix(2) != network.tensors[home].shape.sizes.prefix(2) {
        storages[storage].mayBeRing = false
      }
    }
    for tensor in network.inputs { storages[placeOfTensor[tensor].storage].isInput = true }
    for tensor in network.outputs { storages[placeOfTensor[tensor].storage].isOutput = true }
    for tensor in network.tensors.indices where network.tensors[tensor].isState {
      let storage = placeOfTensor[tensor].storage
      (storages[storage].isInput, storages[storage].isOutput, storages[storage].mayBeRing) = (true, true, false)
    }
    firstInput = placeOfTensor[network.inputs[0]].storage
    for index in network.steps.indices { addStep(index, network, records) }
  }

  private mutating func addStep(_ index: Int, _ network: QuantizedNetwork, _ records: NetworkRecords) {
    let step = network.steps[index]
    let record = records.operators[index]
    let output = records.tensors[step.output]
    var planned = Step(
      height: Int(output.height), width: Int(output.width), channels: Int(output.channels),
      output: placeOfTensor[step.output].storage,
      scratchBytes: Int(record.scratchBytes), pairsRows: record.code == DepthwiseConv2D.code, macs: step.macs,
      weightBytes: step.lowered.weights.count)
    storages[planned.output].writers.append(index)
    for (operand, tensor) in step.inputs.enumerated() {
      let storage = placeOfTensor[tensor].storage
      let reader = reader(step: index, operand: operand, storage: storage, network, records)
      planned.operands.append((storage, storages[storage].readers.count))
      storages[storage].readers.append(reader)
    }
    planned.needsAllRows = planned.operands.contains { storage, reader in
      let needs = storages[storage].readers[reader]
      return needs.ends[0] == storages[storage].height && needs.begins.last == 0 && storages[storage].height > 1
    }
    planned.overwritable = overwritable(step, network)
    steps.append(planned)
  }

  private func reader(
    step index: Int, operand: Int, storage: Int, _ network: QuantizedNetwork, _ records: NetworkRecords
  ) -> Reader {
    let step = network.steps[index]
    let output = records.tensors[step.output]
    let height = storages[storage].height
    let inputs = step.inputs.map { records.tensors[$0] }
    var begins: [Int] = []
    var ends: [Int] = []
    for row in 0..<output.height {
      var needed = 0..<height
      if storages[storage].mayBeRing {
        let rows = Every.rowsNeeded(
          records.operators[index], inputs: inputs.span, output: output, table: step.lowered.table.span,
          ofInput: operand, for: row..<row + 1)
        needed = Int(rows.lowerBound)..<Int(rows.upperBound)
      }
      begins.append(needed.lowerBound)
      ends.append(max(ends.last ?? 0, needed.upperBound))
    }
    for row in begins.indices.dropLast().reversed() { begins[row] = min(begins[row], begins[row + 1]) }
    return Reader(step: index, operand: operand, begins: begins, ends: ends)
  }

  /// Storages of inputs that a step's output may lie over: of the same shape, element by element, and not also read
  /// otherwise.
  private func overwritable(_ step: QuantizedNetwork.Step, _ network: QuantizedNetwork) -> [Int] {
    let output = network.tensors[step.output]
    func fits(_ operand: Int) -> Bool {
      let input = network.tensors[step.inputs[operand]]
      return Every.worksInPlace(code: step.lowered.code, input: operand) && input.shape == output.shape
        && input.part == nil && output.part == nil
    }
    return step.inputs.indices.filter { operand in
      fits(operand)
        && step.inputs.indices.allSatisfy { other in
          placeOfTensor[step.inputs[other]].storage != placeOfTensor[step.inputs[operand]].storage || fits(other)
        }
    }.map { placeOfTensor[step.inputs[$0]].storage }
  }
}

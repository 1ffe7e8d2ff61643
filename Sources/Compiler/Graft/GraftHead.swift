import Graph
import Martlet

/// Gives a packed model another end: what computes the tensor `feature` stays as it is, byte for byte, what follows goes, and
/// `head` goes on from there.
///
/// The head's memory lies where the arena is free by then, so that the arena grows only for a head that is larger than what
/// it replaces. A tensor that the old plan held in a ring of rows, or wrote over, gets a place of its own. A self-test and a
/// signature are left out: `addSelfTest` makes the former anew.
/// - Parameters:
///   - head: a quantized network of one input, which has the tensor's shape and quantization; nil: the tensor itself
///     becomes the output.
///   - file: a packed model.
///   - feature: the number of the tensor that the head reads.
///   - labels: the new classes; without a head, none.
///   - provenance: lines to add.
/// - Throws: `GraphError` when the model is refused, the head does not fit the tensor, or no plan for both can be verified.
public func graft(
  _ head: Graph?, onto file: [UInt8], at feature: Int, labels: [String] = [], provenance: [(String, String)] = []
) throws(GraphError) -> [UInt8] {
  var model = try OpenModel(file)
  guard model.tensors.indices.contains(feature) else {
    throw GraphError("the model has no tensor \(feature); it has \(model.tensors.count)")
  }
  let tensor = model.cut(at: feature)
  model.labels = Array(labels.map { $0 + "\n" }.joined().utf8)
  model.provenance += Array(provenance.map { "\($0.0): \($0.1)\n" }.joined().utf8)
  var problem = GraphError("")
  for moves in [false, true] {
    var candidate = model
    if moves {
      candidate.move(tensor)
    } else if candidate.tensors[tensor].record.rowsHeld < candidate.tensors[tensor].record.height {
      continue
    }
    if let head { try candidate.append(head, after: tensor) }
    let bytes = try candidate.packed()
    do throws(GraphError) {
      _ = try ModelRunner(bytes)
      return bytes
    } catch {
      problem = error
    }
  }
  throw GraphError(
    "a head cannot begin at \(model.tensors[tensor].name): \(problem.description); choose another layer")
}

extension OpenModel {
  /// Gives a tensor, and what lies in its pixels, memory of its own at the end of the arena, all rows of it.
  fileprivate mutating func move(_ tensor: Int) {
    let old = tensors[tensor].record
    let end = (usedBytes + 63) & ~63
    for index in tensors.indices {
      let record = tensors[index].record
      let distance = Int(record.arenaOffset) - Int(old.arenaOffset)
      let isPart =
        record.height == old.height && record.width == old.width && record.rowsHeld == old.rowsHeld
        && record.rowPitchBytes == old.rowPitchBytes && record.pixelPitchBytes == old.pixelPitchBytes
        && record.elementType == old.elementType && distance >= 0
        && distance + Int(record.channels) <= Int(old.channels) && !inputs.contains(index)
      guard isPart else { continue }
      tensors[index].record.arenaOffset = UInt32(clamping: end + distance)
      tensors[index].record.rowsHeld = record.height
    }
  }

  /// Adds a network's operators after the others, in memory that `tensor` does not use.
  fileprivate mutating func append(_ head: Graph, after tensor: Int) throws(GraphError) {
    let network = try QuantizedNetwork(quantized: head)
    let records = try NetworkRecords(network)
    let begin = tensors[tensor].record
    guard network.inputs.count == 1, network.outputs.count == 1, let input = network.inputs.first else {
      throw GraphError("a head has one input and one output, not \(network.inputs.count) and \(network.outputs.count)")
    }
    let wanted = records.tensors[input]
    guard wanted.height == begin.height, wanted.width == begin.width, wanted.channels == begin.channels,
      wanted.scale == begin.scale, wanted.zeroPoint == begin.zeroPoint, wanted.elementType == begin.elementType
    else {
      throw GraphError(
        "the head takes \(wanted.height)×\(wanted.width)×\(wanted.channels) values of another quantization than the "
          + "\(begin.height)×\(begin.width)×\(begin.channels) of \(tensors[tensor].name)")
    }
    var number = [Int](repeating: tensor, count: network.tensors.count)
    var next = 0
    /// The next free bytes that do not touch the features.
    func place(_ bytes: Int) -> UInt32 {
      let taken = Int(begin.arenaOffset)..<Int(begin.arenaOffset) + begin.heldBytes
      if next < taken.upperBound, next + bytes + Limits.slackBytes > taken.lowerBound { next = taken.upperBound }
      let offset = (next + 63) & ~63
      next = offset + bytes
      return UInt32(clamping: offset)
    }
    for index in network.tensors.indices where index != input {
      var record = records.tensors[index]
      record.arenaOffset = place(record.heldBytes)
      number[index] = tensors.count
      tensors.append(Activation(record: record, name: network.tensors[index].name))
    }
    for (step, planned) in zip(network.steps, records.operators) {
      var record = planned
      record.scratchOffset = place(Int(record.scratchBytes))
      steps.append(
        Step(
          record: record, name: step.name, inputs: step.inputs.map { number[$0] }, output: number[step.output],
          weights: step.lowered.weights.map { UInt8(bitPattern: $0) },
          channels: step.lowered.channels.flatMap(rawBytes),
          table: step.lowered.table))
      turns?.append(
        TurnRecord(
          operatorIndex: UInt16(clamping: steps.count - 1), firstRow: 0,
          rowCount: UInt16(clamping: Int(tensors[number[step.output]].record.height))))
    }
    outputs = [number[network.outputs[0]]]
    parameters += head.parameterCount
  }
}

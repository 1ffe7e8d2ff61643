import Martlet

import struct Graph.GraphError

/// A packed model taken apart, to be put together otherwise: records with their names, operands and constants.
struct OpenModel {
  /// An operator.
  struct Step {
    var record: OperatorRecord
    var name: String
    var inputs: [Int]
    var output: Int
    var weights: [UInt8] = []
    var channels: [UInt8] = []
    var table: [UInt8] = []
  }

  /// An activation.
  struct Activation {
    var record: TensorRecord
    var name: String
  }

  var tensors: [Activation] = []
  var steps: [Step] = []
  /// The order of rows; nil: each operator in its turn.
  var turns: [TurnRecord]?
  var inputs: [Int] = []
  var outputs: [Int] = []
  var labels: [UInt8] = []
  var preprocessing: [UInt8] = []
  var provenance: [UInt8] = []
  /// Weights and biases, as the header counts them.
  var parameters = 0

  /// - Throws: `GraphError` when the Verifier refuses `file`.
  init(_ file: [UInt8]) throws(GraphError) {
    let bytes = AlignedBytes(copying: file)
    do throws(Fault) {
      let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(bytes.buffer))
      read(model, file)
      withExtendedLifetime(bytes) {}
    } catch {
      throw GraphError("the model was refused: \(error.code.explanation) (place \(error.index)). \(error.code.remedy)")
    }
  }

  private mutating func read(_ model: borrowing Verified<Every>, _ file: [UInt8]) {
    let header = model.header
    func bytes(_ extent: Extent, of section: Section) -> [UInt8] {
      let first = Int(header[section].offset) + Int(extent.offset)
      return Array(file[first..<first + Int(extent.bytes)])
    }
    func whole(_ section: Section) -> [UInt8] { bytes(Extent(bytes: header[section].bytes), of: section) }
    for index in 0..<model.tensorCount {
      let record = model.tensor(index)
      tensors.append(Activation(record: record, name: String(model.name(record.name))))
    }
    for index in 0..<model.operatorCount {
      let record = model.operatorRecord(index)
      var step = Step(
        record: record, name: String(model.name(record.name)), inputs: [], output: Int(record.output),
        weights: bytes(record.weights, of: .weights), channels: bytes(record.channels, of: .channels),
        table: bytes(record.table, of: .tables))
      for position in 0..<Int(record.inputCount) { step.inputs.append(model.inputTensor(ofOperator: index, position)) }
      steps.append(step)
    }
    let schedule = whole(.schedule)
    if !schedule.isEmpty {
      turns = schedule.withUnsafeBytes { raw in
        (0..<raw.count / TurnRecord.byteCount).map {
          raw.loadUnaligned(fromByteOffset: $0 * TurnRecord.byteCount, as: TurnRecord.self)
        }
      }
    }
    for position in 0..<model.inputCount { inputs.append(model.inputTensor(position)) }
    for position in 0..<model.outputCount { outputs.append(model.outputTensor(position)) }
    (labels, preprocessing, provenance) = (whole(.labels), whole(.preprocessing), whole(.provenance))
    parameters = Int(clamping: header.parameters)
  }

  /// The file: without a self-test or a signature, in an arena as large as its records need.
  /// - Throws: `GraphError` when it would exceed the format's limits.
  func packed() throws(GraphError) -> [UInt8] {
    var header = Header()
    header.arenaBytes = UInt64((usedBytes + 63) & ~63)
    header.macs = steps.reduce(0) { $0 + UInt64($1.record.macs) }
    header.parameters = UInt64(max(0, parameters))
    var written = RecordSections(inputs: inputs, outputs: outputs, in: &header)
    for tensor in tensors { written.append(tensor.record, name: tensor.name) }
    for step in steps {
      var record = step.record
      record.output = UInt32(step.output)
      written.append(
        record, name: step.name, inputs: step.inputs, weights: step.weights, channels: step.channels, table: step.table)
    }
    var schedule = SectionWriter()
    for turn in turns ?? [] { schedule.append(turn) }
    var sections = written.sections
    (sections[.labels], sections[.preprocessing], sections[.provenance]) = (labels, preprocessing, provenance)
    sections[.schedule] = schedule.bytes
    return try assemble(&header, sections)
  }

  /// One past the last byte that a tensor or a kernel's registers touch.
  var usedBytes: Int {
    max(
      (tensors.map { Int($0.record.arenaOffset) + $0.record.heldBytes }.max() ?? 0) + Limits.slackBytes,
      steps.map { Int($0.record.scratchOffset) + Int($0.record.scratchBytes) }.max() ?? 0)
  }
}

extension TensorRecord {
  /// Bytes from the first to one past the last that it holds.
  var heldBytes: Int {
    (Int(rowsHeld) - 1) * Int(rowPitchBytes) + (Int(width) - 1) * Int(pixelPitchBytes)
      + Int(channels) * Int(elementBytes)
  }
}

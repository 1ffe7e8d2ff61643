import Martlet

/// The sections of tensors, operators, operands, constants and names as they grow.
struct RecordSections {
  private var tensors = SectionWriter()
  private var operators = SectionWriter()
  private var operands = SectionWriter()
  private var weights = SectionWriter()
  private var channels = SectionWriter()
  private var tables = SectionWriter()
  private var text = TextWriter()

  /// Sections that begin with the network's inputs and outputs, tensor indices, as the header then says.
  init(inputs: [Int], outputs: [Int], in header: inout Header) {
    header.inputCount = UInt32(inputs.count)
    header.firstInput = append(operands: inputs)
    header.outputCount = UInt32(outputs.count)
    header.firstOutput = append(operands: outputs)
  }

  private mutating func append(operands indices: [Int]) -> UInt32 {
    let first = operands.bytes.count / 4
    for index in indices { operands.append(UInt32(index)) }
    return UInt32(first)
  }

  /// Appends a tensor under this name.
  mutating func append(_ record: TensorRecord, name: String) {
    var record = record
    record.name = text.append(name)
    tensors.append(record)
  }

  /// Appends an operator under this name with its operands and constants, whose places the record receives.
  mutating func append<Weight, Channel, Entry>(
    _ record: OperatorRecord, name: String, inputs: [Int], weights: [Weight], channels: [Channel], table: [Entry]
  ) {
    var record = record
    record.name = text.append(name)
    record.firstInput = append(operands: inputs)
    record.inputCount = UInt32(inputs.count)
    record.weights = weights.withUnsafeBytes { self.weights.appendAligned($0) }
    record.channels = channels.withUnsafeBytes { self.channels.appendAligned($0) }
    record.table = table.withUnsafeBytes { tables.appendAligned($0) }
    operators.append(record)
  }

  /// What was appended, for `assemble`.
  var sections: [Section: [UInt8]] {
    [
      .tensors: tensors.bytes, .operators: operators.bytes, .operands: operands.bytes, .weights: weights.bytes,
      .channels: channels.bytes, .tables: tables.bytes, .text: text.section.bytes,
    ]
  }
}

import CShim
import Martlet

import struct Graph.GraphError

/// What goes into a packed model beside the network.
struct ModelMetadata {
  var labels: [String] = []
  var preprocessing: PreprocessingRecord?
  var provenance: [(key: String, value: String)] = []
  var macs = 0
  var parameters = 0
}

/// The bytes of a packed model. The same arguments give the same bytes.
/// - Throws: `GraphError` when the model would exceed the format's limits.
func packModel(
  _ network: QuantizedNetwork, _ records: NetworkRecords, _ plan: NetworkPlan, _ metadata: ModelMetadata
) throws(GraphError) -> [UInt8] {
  guard plan.arenaBytes <= Limits.arenaBytes else {
    throw GraphError(
      "the network needs an arena of \(plan.arenaBytes) bytes, but the format allows \(Limits.arenaBytes); "
        + "use a smaller input")
  }
  guard network.steps.count <= Limits.operators, network.tensors.count <= Limits.tensors else {
    throw GraphError(
      "the network has \(network.steps.count) operators and \(network.tensors.count) tensors, but the format allows "
        + "\(Limits.operators) and \(Limits.tensors)")
  }
  var header = Header()
  header.arenaBytes = UInt64(plan.arenaBytes)
  header.macs = UInt64(metadata.macs)
  header.parameters = UInt64(metadata.parameters)
  guard plan.turns.count <= Limits.turns else {
    throw GraphError(
      "the plan by rows has \(plan.turns.count) turns, but the format allows \(Limits.turns); allow a larger arena")
  }
  var sections = networkSections(network, records, &header)
  var schedule = SectionWriter()
  for turn in plan.turns {
    schedule.append(
      TurnRecord(
        operatorIndex: turn.step < 0 ? TurnRecord.pushedInput : UInt16(turn.step),
        firstRow: Int32(turn.rows.lowerBound), rowCount: UInt16(turn.rows.count)))
  }
  sections[.schedule] = schedule.bytes
  sections[.labels] = Array(metadata.labels.map { line($0) + "\n" }.joined().utf8)
  if let preprocessing = metadata.preprocessing { sections[.preprocessing] = rawBytes(preprocessing) }
  sections[.provenance] = Array(
    metadata.provenance.map { "\(line($0.key)): \(line($0.value))\n" }.joined().utf8)
  return try assemble(&header, sections)
}

/// Tensors, operators, operands, constants and names.
private func networkSections(
  _ network: QuantizedNetwork, _ records: NetworkRecords, _ header: inout Header
) -> [Section: [UInt8]] {
  var written = RecordSections(inputs: network.inputs, outputs: network.outputs, in: &header)
  for (tensor, planned) in zip(network.tensors, records.tensors) { written.append(planned, name: tensor.name) }
  for (step, planned) in zip(network.steps, records.operators) {
    written.append(
      planned, name: step.name, inputs: step.inputs, weights: step.lowered.weights, channels: step.lowered.channels,
      table: step.lowered.table)
  }
  return written.sections
}

/// Sections in the order of the header's table, each at a multiple of 64; then the checksums.
func assemble(_ header: inout Header, _ sections: [Section: [UInt8]]) throws(GraphError) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: Header.byteCount)
  for section in Section.allCases {
    guard let content = sections[section], !content.isEmpty else { continue }
    bytes.append(contentsOf: repeatElement(0, count: -bytes.count & 63))
    guard bytes.count + content.count <= Limits.fileBytes else {
      throw GraphError("the packed model would be larger than the \(Limits.fileBytes) bytes that the format allows")
    }
    header[section] = Extent(offset: UInt32(bytes.count), bytes: UInt32(content.count))
    bytes += content
  }
  bytes.append(contentsOf: repeatElement(0, count: -bytes.count & 63))
  header.fileBytes = UInt64(bytes.count)
  header.bodyChecksum = bytes.withUnsafeBufferPointer {
    martlet_checksum($0.baseAddress! + Header.byteCount, $0.count - Header.byteCount)
  }
  header.headerChecksum = 0
  header.headerChecksum = rawBytes(header).withUnsafeBufferPointer { martlet_checksum($0.baseAddress, $0.count) }
  bytes.replaceSubrange(..<Header.byteCount, with: rawBytes(header))
  return bytes
}

/// Header and sections of a packed model, for `assemble` to put together again with another section.
/// - Throws: `GraphError` when the Verifier refuses it.
func sectionsOfModel(_ file: [UInt8]) throws(GraphError) -> (Header, [Section: [UInt8]]) {
  let bytes = AlignedBytes(copying: file)
  do throws(Fault) {
    var header = try Verifier<Every>.verify(UnsafeRawBufferPointer(bytes.buffer)).header
    let sections = takeSections(of: file, &header)
    return (header, sections)
  } catch {
    throw GraphError("\(error.code.explanation) (place \(error.index)). \(error.code.remedy)")
  }
}

/// The bytes of each section of a verified file; the header's extents become empty.
func takeSections(of file: [UInt8], _ header: inout Header) -> [Section: [UInt8]] {
  var sections: [Section: [UInt8]] = [:]
  for section in Section.allCases {
    let extent = header[section]
    sections[section] = Array(file[Int(extent.offset)..<Int(extent.offset) + Int(extent.bytes)])
    header[section] = Extent()
  }
  return sections
}

func rawBytes<Record: BitwiseCopyable>(_ record: Record) -> [UInt8] {
  withUnsafeBytes(of: record) { Array($0) }
}

/// Without line ends, which separate entries.
private func line(_ text: String) -> String {
  String(text.map { $0.isNewline ? " " : $0 })
}

import CShim
import Martlet

import struct Graph.GraphError

/// The packed model `file` with a self-test: `inputs`, and the CRC-32 of what the scalar kernels make of them in each
/// operator. A self-test that is there already is replaced. The same arguments give the same bytes.
/// - Parameters:
///   - file: a packed model without a signature: a signature covers the self-test, so that signing comes last.
///   - inputs: for each network input its values H×W×C: int8, or the bytes of little-endian int16; nil: `selfTestPattern`.
/// - Throws: `GraphError` when the model is refused or signed, or an input has another size than the model's.
public func addSelfTest(to file: [UInt8], inputs: [[Int8]]? = nil) throws(GraphError) -> [UInt8] {
  let bytes = AlignedBytes(copying: file)
  var section: [UInt8] = []
  var header: Header
  do throws(Fault) {
    let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(bytes.buffer))
    header = model.header
    let inputs = inputs ?? selfTestPattern(model)
    guard inputs.count == model.inputCount else {
      throw Fault(.inputOutput, index: model.inputCount, detail: inputs.count)
    }
    let checks = try checks(of: model, inputs)
    var record = SelfTestRecord()
    record.operatorCount = UInt32(checks.count)
    record.inputBytes = UInt32(inputs.reduce(0) { $0 + $1.count })
    section = rawBytes(record) + checks.flatMap(rawBytes)
    for input in inputs { section += input.map { UInt8(bitPattern: $0) } }
  } catch {
    throw GraphError(
      "no self-test can be added: \(error.code.explanation) (place \(error.index)). \(error.code.remedy)")
  }
  guard header[.signature].bytes == 0 else {
    throw GraphError("the model is signed, and a self-test would make the signature wrong; add the test, then sign")
  }
  var sections = takeSections(of: file, &header)
  sections[.selfTest] = section
  return try assemble(&header, sections)
}

/// Bytes for each network input that reach all of int8: the top bytes of a linear congruential sequence (multiplier
/// 1,664,525, increment 1,013,904,223, beginning with 1).
public func selfTestPattern(_ model: borrowing Verified<Every>) -> [[Int8]] {
  var state: UInt32 = 1
  var inputs: [[Int8]] = []
  for position in 0..<model.inputCount {
    let tensor = model.tensor(model.inputTensor(position))
    var values = [Int8](repeating: 0, count: tensor.count * Int(tensor.elementBytes))
    for index in values.indices {
      state = state &* 1_664_525 &+ 1_013_904_223
      values[index] = Int8(truncatingIfNeeded: Int32(bitPattern: state) >> 24)
    }
    inputs.append(values)
  }
  return inputs
}

/// The CRC-32 of each operator's output by the scalar kernels.
private func checks(of model: borrowing Verified<Every>, _ inputs: [[Int8]]) throws(Fault) -> [UInt32] {
  let arena = AlignedBytes(count: model.arenaBytes)
  let scalar = martlet_kernels_for(MARTLET_FAMILY_SCALAR) ?? martlet_best_kernels()!
  var session = try Session(model, arena: arena.buffer, kernels: scalar)
  for (position, values) in inputs.enumerated() where position > 0 || !session.takesRows {
    try session.setInput(position, bytes: values.span.bytes)
  }
  var checks = [UInt32](repeating: 0, count: model.operatorCount)
  var span = checks.mutableSpan
  let first = inputs[0]
  session.run(checks: &span, pushing: first.span.bytes)
  return checks
}

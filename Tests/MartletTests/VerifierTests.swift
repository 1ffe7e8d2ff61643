import CShim
import Martlet
import ModelAttack
import Testing

/// What the Verifier refuses, and with which code.
@Suite struct VerifierTests {
  @Test func acceptsWhatIsRight() {
    #expect(fault(verifying: SampleModels.threeOperators().bytes()) == nil)
    #expect(fault(verifying: SampleModels.everyOperator().bytes()) == nil)
  }

  @Test func acceptsBytesAfterTheModel() {
    #expect(fault(verifying: SampleModels.threeOperators().bytes() + [1, 2, 3]) == nil)
  }

  /// A word of the header, by its offset.
  @Test(arguments: [
    (0, 0x1234_5678, Fault.Code.notAModel), (8, 2, .unsupportedVersion), (12, 512, .unsupportedVersion),
    (16, 100, .truncated), (16, 0x7FFF_FFFF, .limit), (20, 1, .limit), (32, 0x7FFF_FFC0, .limit), (32, 100, .limit),
    (32, 64, .tensor), (56, 100, .limit), (60, 0, .limit), (64, 100, .limit), (68, 0, .limit), (72, 257, .section),
    (72, 0, .section), (76, 65, .section), (80, 64, .section), (176, 1, .unsupportedVersion),
  ])
  func refusesHeader(offset: Int, value: Int, code: Fault.Code) {
    var file = SampleModels.threeOperators().bytes()
    ModelWriter.put(UInt32(value), at: offset, in: &file)
    #expect(fault(verifying: sealed(file))?.code == code)
  }

  @Test func refusesChangedBytes() {
    let file = SampleModels.threeOperators().bytes()
    var header = file
    header[40] ^= 1
    #expect(fault(verifying: header) == Fault(.checksum, detail: 0))
    var body = file
    body[file.count - 1] ^= 1
    #expect(fault(verifying: body) == Fault(.checksum, detail: 1))
  }

  @Test func refusesMisalignedModels() throws {
    let file = SampleModels.threeOperators().bytes()
    let memory = GuardedMemory(count: (file.count + 127) / 64 * 64)
    let shifted = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[8..<8 + file.count])
    shifted.copyBytes(from: file)
    #expect(throws: Fault(.misaligned, detail: 1)) { _ = try Verifier<Every>.verify(UnsafeRawBufferPointer(shifted)) }
  }

  private func refuses(
    _ code: Fault.Code, model: ModelWriter = SampleModels.threeOperators(), line: Int = #line,
    _ change: (inout ModelWriter) -> Void
  ) {
    var writer = model
    change(&writer)
    let found = fault(verifying: writer.bytes())?.code
    #expect(found == code, "line \(line)")
  }

  @Test func refusesTensors() {
    refuses(.tensor) { $0.tensors[1].height = 0 }
    refuses(.tensor) { $0.tensors[1].width = -1 }
    refuses(.tensor) { $0.tensors[1].channels = 1 << 21 }
    refuses(.tensor) { $0.tensors[1].elementType = 1 }
    refuses(.tensor) { $0.tensors[1].pixelPitchBytes = 17 }
    refuses(.tensor) { $0.tensors[1].rowPitchBytes -= 1 }
    refuses(.tensor) { $0.tensors[1].rowsHeld = 3 }
    refuses(.tensor) { $0.tensors[3].arenaOffset = UInt32($0.arenaBytes) - 64 }
    refuses(.quantization) { $0.tensors[1].scale = 0 }
    refuses(.quantization) { $0.tensors[1].scale = .nan }
    refuses(.quantization) { $0.tensors[1].scale = .infinity }
    refuses(.quantization) { $0.tensors[1].zeroPoint = 128 }
  }

  @Test func refusesOperators() {
    refuses(.unknownOperator) { $0.operators[1].code = 99 }
    refuses(.operand) { $0.operators[1].output = 50 }
    refuses(.operand) { $0.operands[1] = 50 }
    refuses(.operand) { $0.operators[1].inputCount = 0 }
    refuses(.operand) { $0.operators[1].inputCount = 60 }
    refuses(.operand) { $0.outputs[0] = 4 }
    refuses(.parameter) { $0.operators[0].parameters[0] = 0 }
    refuses(.parameter) { $0.operators[0].parameters[8] = 2 }
    refuses(.parameter) { $0.operators[0].parameters[31] = 1 }
    refuses(.parameter) { $0.operators[0].flags = 1 }
    refuses(.parameter) { $0.operators[1].parameters[6] = 2 }
    refuses(.constant) { $0.operators[0].weights.bytes -= 64 }
    refuses(.constant) { $0.operators[0].weights.offset = 1 << 20 }
    refuses(.constant) { $0.operators[2].weights.offset += 4 }
    refuses(.constant) { $0.operators[0].channels.bytes += 192 }
    refuses(.constant) { $0.operators[1].table.bytes = 64 }
    refuses(.scratch) { $0.operators[0].scratchBytes = 0 }
    refuses(.scratch) { $0.operators[0].scratchOffset += 4 }
    refuses(.scratch) { $0.operators[0].scratchOffset = UInt32($0.arenaBytes) }
    refuses(.quantization) { $0.tensors[2].zeroPoint = 5 }
  }

  @Test func refusesFactors() {
    for value in [Float.nan, .infinity, -0.5, 1e9] {
      refuses(.factor) { $0.channels.replaceSubrange(64..<68, with: ModelWriter.raw(value)) }
    }
    refuses(.factor) { $0.channels.replaceSubrange(0..<4, with: ModelWriter.raw(Int32.min)) }
    refuses(.factor) { $0.channels.replaceSubrange(0..<4, with: ModelWriter.raw(Int32.max)) }
    refuses(.factor, model: SampleModels.everyOperator()) {
      $0.tables.replaceSubrange($0.tables.count - 1024..<$0.tables.count - 1020, with: [0, 0, 0, 0])
    }
  }

  @Test func refusesText() {
    refuses(.text) { $0.text[0] = 0xFF }
    refuses(.text) { $0.tensors[0].name.offset = 1 << 30 }
    refuses(.text) { $0.tensors[0].name.bytes = 0xFFFF_FFFF }
    refuses(.text) { $0.labels = "a\0b" }
    refuses(.text, model: SampleModels.everyOperator()) { $0.preprocessing?.height = 7 }
    refuses(.text, model: SampleModels.everyOperator()) { $0.preprocessing?.standardDeviation[1] = 0 }
    refuses(.text, model: SampleModels.everyOperator()) { $0.preprocessing?.mean[2] = .nan }
    refuses(.text, model: SampleModels.everyOperator()) { $0.preprocessing?.channelOrder = 2 }
  }
}

import Martlet
import Testing

/// Tensors of int16 and int32: records, plans, values in and out.
struct ElementTypeTests {
  /// A network without operators, whose output is its input.
  private func passing(_ element: ElementType, change: (inout TensorRecord) -> Void = { _ in }) -> [UInt8] {
    var writer = ModelWriter()
    let tensor = writer.tensor(2, 3, 5, element: element)
    change(&writer.tensors[tensor])
    writer.inputs = [UInt32(tensor)]
    writer.outputs = [UInt32(tensor)]
    return writer.bytes()
  }

  /// What a session of `file` gives after `load` filled its input.
  private func values(_ file: [UInt8], load: (inout Session<Every>) throws -> Void) throws -> [Int32] {
    let memory = GuardedMemory(copying: file)
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    arena.poison(0xA5)
    var session = try Session(model, arena: arena.bytes)
    try load(&session)
    session.run()
    var found = [Int32](repeating: 7, count: session.output().count)
    var span = found.mutableSpan
    try session.copyOutput(into: &span)
    var again = [Int32](repeating: 7, count: session.output().count)
    span = again.mutableSpan
    try session.copyTensor(0, into: &span)
    #expect(found == again)
    var reals = [Float](repeating: 7, count: session.output().count)
    var realSpan = reals.mutableSpan
    try session.copyOutput(reals: &realSpan)
    let scale = session.output().scale
    #expect(reals == found.map { scale * Float($0) })
    return found
  }

  @Test func int16ValuesGoInAndOut() throws {
    let expected = (0..<30).map { Int16(truncatingIfNeeded: $0 &* 2297 &- 32768) }
    let copied = try values(passing(.int16)) { try $0.setInput(0, expected.span) }
    #expect(copied == expected.map(Int32.init))
    let bytes = expected.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    let fromFile = try values(passing(.int16)) { try $0.setInput(0, bytes: bytes.span.bytes) }
    #expect(fromFile == expected.map(Int32.init))
    #expect(try values(passing(.int16)) { try $0.fillInput() } == [Int32](repeating: 0, count: 30))
  }

  @Test func realValuesAreRoundedToEvenAndSaturated() throws {
    var reals: [Float] = [0.25, 0.75, -0.25, 16383.5, 16384, 1e9, -16384, -1e9, .infinity, -.infinity, .nan, 1000.25]
    reals += [Float](repeating: 0, count: 30 - reals.count)
    let found = try values(passing(.int16) { $0.scale = 0.5 }) { try $0.setInput(reals: reals.span) }
    let expected: [Int32] = [0, 2, 0, 32767, 32767, 32767, -32768, -32768, 32767, -32768, -32768, 2000]
    #expect(Array(found[..<12]) == expected)
  }

  @Test func valuesOfAnotherTypeAreRefused() throws {
    let memory = GuardedMemory(copying: passing(.int16))
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    var session = try Session(model, arena: arena.bytes)
    let narrow = [Int8](repeating: 0, count: 30)
    #expect(throws: Fault(.inputOutput, index: 0, detail: 30)) { try session.setInput(narrow.span) }
    let odd = [UInt8](repeating: 0, count: 59)
    #expect(throws: Fault(.inputOutput, index: 0)) { try session.setInput(0, bytes: odd.span.bytes) }
    #expect(throws: Fault(.inputOutput, index: 0, detail: 30)) {
      var values = [Int8](repeating: 0, count: 30)
      var span = values.mutableSpan
      try session.copyOutput(into: &span)
    }
  }

  /// Each field of the record against its bounds, for values of two bytes.
  @Test func recordsOfWideValuesAreChecked() {
    #expect(fault(verifying: passing(.int16)) == nil)
    #expect(fault(verifying: passing(.int32)) == Fault(.tensor, index: 0), "int32 is for outputs")
    let changes: [(inout TensorRecord) -> Void] = [
      { $0.elementType = 3 }, { $0.elementType = .max }, { $0.elementType = 2 }, { $0.arenaOffset = 1 },
      { $0.pixelPitchBytes = 11 }, { $0.pixelPitchBytes = 8 }, { $0.rowPitchBytes = 31 }, { $0.rowPitchBytes = 28 },
      { $0.arenaOffset = 64 + 8 }, { $0.channels = 1 << 20 }, { $0.channels = 1 << 20 + 1 },
    ]
    for (index, change) in changes.enumerated() {
      #expect(fault(verifying: passing(.int16, change: change))?.code == .tensor, "change \(index)")
    }
    for zeroPoint in [Int32.min, -32769, 32768, .max] {
      let file = passing(.int16) { $0.zeroPoint = zeroPoint }
      #expect(fault(verifying: file)?.code == .quantization, "\(zeroPoint)")
    }
  }

  /// Every operator that knows eight bits alone refuses wider operands and results.
  @Test(arguments: [1, 2] as [UInt32]) func operatorsRefuseWhatTheyDoNotKnow(number: UInt32) throws {
    let element = try #require(ElementType(rawValue: number))
    let sample = SampleModels.everyOperator()
    for index in sample.operators.indices {
      let first = Int(sample.operators[index].firstInput)
      let inputs = sample.operands[first..<first + Int(sample.operators[index].inputCount)].map(Int.init)
      for tensor in inputs + [Int(sample.operators[index].output)] {
        var writer = sample
        let bytes = UInt32(element.byteCount)
        writer.tensors[tensor].elementType = element.rawValue
        writer.tensors[tensor].zeroPoint = 0
        writer.tensors[tensor].pixelPitchBytes *= bytes
        writer.tensors[tensor].rowPitchBytes *= bytes
        writer.tensors[tensor].arenaOffset = UInt32(writer.arenaBytes)
        writer.arenaBytes += 1 << 16
        let found = fault(verifying: writer.bytes())
        #expect(found?.code == .operand || found?.code == .tensor, "operator \(index), tensor \(tensor)")
      }
    }
  }

  /// Bytes that were written as one type cannot be read as another.
  @Test func viewsKeepTheElementType() {
    for (element, isAccepted) in [(ElementType.int16, true), (.int8, false), (.int32, false)] {
      var writer = ModelWriter()
      let input = writer.tensor(1, 4, 8, element: .int16)
      let view = writer.tensor(4, 1, element == .int8 ? 16 : element == .int16 ? 8 : 4, element: element)
      writer.tensors[view].arenaOffset = writer.tensors[input].arenaOffset
      writer.inputs = [UInt32(input)]
      writer.outputs = [UInt32(view)]
      #expect((fault(verifying: writer.bytes()) == nil) == isAccepted, "\(element)")
    }
  }
}

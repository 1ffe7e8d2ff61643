import CShim
import Martlet
import Testing

/// A session's answers and its interface.
@Suite struct SessionTests {
  /// 1×1 convolution of two channels into one: out = round(acc · 0.25) + 3, acc = bias + 2·(a − za) − 3·(b − za).
  private func twoChannels() -> ModelWriter {
    var writer = ModelWriter()
    let input = writer.tensor(1, 3, 2, scale: 0.5, zeroPoint: 10)
    let output = writer.tensor(1, 3, 1, scale: 0.25, zeroPoint: 3)
    var weights = [Int8](repeating: 0, count: 64)
    weights[0] = 2
    weights[1] = -3
    var block = martlet_channel_block()
    withUnsafeMutableBytes(of: &block) { bytes in
      bytes.storeBytes(of: 5 - 138 * (2 - 3), as: Int32.self)
      bytes.storeBytes(of: 0.25, toByteOffset: 64, as: Float.self)
      bytes.storeBytes(of: -1, toByteOffset: 128, as: Int32.self)
    }
    writer.add(
      1, [input], output, [1, 1, 1, 1, 1, 1, 0, 0, 1, 1, -20, 100], weights: weights, channels: [block])
    writer.inputs = [UInt32(input)]
    writer.outputs = [UInt32(output)]
    return writer
  }

  @Test func convolvesByHand() throws {
    let memory = GuardedMemory(copying: twoChannels().bytes())
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    var session = try Session(model, arena: arena.bytes)
    // Accumulators 5+2·0−3·0 = 5, 5+2·3−3·(−5) = 26, 5+2·(−138)−3·117 = −622: ×0.25 = 1.25, 6.5 (to even), −155.5.
    let input: [Int8] = [10, 10, 13, 5, -128, 127]
    try session.setInput(input.span)
    session.run()
    var values = [Int8](repeating: 0, count: 3)
    var span = values.mutableSpan
    try session.copyOutput(into: &span)
    #expect(values == [4, 9, -20])
    var reals = [Float](repeating: 0, count: 3)
    var realSpan = reals.mutableSpan
    try session.copyOutput(reals: &realSpan)
    #expect(reals == [0.25, 1.5, -5.75])
  }

  @Test func quantizesRealInputs() throws {
    let memory = GuardedMemory(copying: twoChannels().bytes())
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    var session = try Session(model, arena: arena.bytes)
    let input: [Float] = [0, 0.25, 0.75, -1e9, 1e9, .nan]
    try session.setInput(reals: input.span)
    var values = [Int8](repeating: 0, count: 6)
    var span = values.mutableSpan
    try session.copyTensor(0, into: &span)
    #expect(values == [10, 10, 12, -128, 127, -128])
    try session.fillInput()
    var filled = values.mutableSpan
    try session.copyTensor(0, into: &filled)
    #expect(values == [10, 10, 10, 10, 10, 10])
  }

  @Test func refusesDataOfAnotherSize() throws {
    let memory = GuardedMemory(copying: twoChannels().bytes())
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    var session = try Session(model, arena: arena.bytes)
    let short: [Int8] = [1, 2, 3]
    var found: Fault?
    do throws(Fault) { try session.setInput(short.span) } catch { found = error }
    #expect(found == Fault(.inputOutput, index: 0, detail: 6))
    do throws(Fault) { try session.setInput(1, short.span) } catch { found = error }
    #expect(found?.code == .inputOutput)
    let pixels = [UInt8](repeating: 0, count: 6)
    do throws(Fault) { try session.setInput(pixels: pixels.span) } catch { found = error }
    #expect(found?.code == .text)
  }

  @Test func runsInExactlyTheArenaBytes() throws {
    for writer in [SampleModels.threeOperators(), SampleModels.everyOperator()] {
      let file = writer.bytes()
      #expect(outputIfAccepted(file) != nil)
      let memory = GuardedMemory(copying: file)
      let model = try Verifier<Every>.verify(memory.model)
      let arena = GuardedMemory(count: model.arenaBytes + 64)
      let short = UnsafeMutableRawBufferPointer(rebasing: arena.bytes[0..<model.arenaBytes - 1])
      var found: Fault?
      do throws(Fault) { _ = try Session(model, arena: short) } catch { found = error }
      #expect(found == Fault(.arenaTooSmall, detail: model.arenaBytes))
      let shifted = UnsafeMutableRawBufferPointer(rebasing: arena.bytes[32..<model.arenaBytes + 32])
      do throws(Fault) { _ = try Session(model, arena: shifted) } catch { found = error }
      #expect(found == Fault(.misaligned, detail: 0))
    }
  }

  @Test func answersDoNotDependOnThePreviousRun() throws {
    let memory = GuardedMemory(copying: SampleModels.everyOperator().bytes())
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    var session = try Session(model, arena: arena.bytes)
    let values = (0..<108).map { Int8(truncatingIfNeeded: $0 &* 37) }
    var answers: [[Int8]] = []
    for poison: UInt8 in [0, 0xFF, 0x55] {
      arena.poison(poison)
      try session.setInput(values.span)
      session.run()
      var answer = [Int8](repeating: 0, count: 10)
      var span = answer.mutableSpan
      try session.copyOutput(into: &span)
      answers.append(answer)
    }
    #expect(answers[0] == answers[1] && answers[1] == answers[2])
    #expect(Set(answers[0]).count > 1)
  }

  @Test func everyFamilyGivesTheSameBytes() {
    let file = SampleModels.everyOperator().bytes()
    guard let scalar = martlet_kernels_for(MARTLET_FAMILY_SCALAR) else { return #expect(Bool(false)) }
    let expected = outputIfAccepted(file, kernels: scalar)
    #expect(expected != nil)
    for family in 0..<UInt32(32) where martlet_families() & (1 << family) != 0 {
      guard let kernels = martlet_kernels_for(martlet_family(rawValue: family)) else { continue }
      #expect(outputIfAccepted(file, kernels: kernels) == expected, "family \(family)")
    }
  }

  @Test func picturesGoThroughTheTable() throws {
    for blueFirst in [false, true] {
      var writer = SampleModels.everyOperator()
      writer.preprocessing?.channelOrder = blueFirst ? 1 : 0
      let memory = GuardedMemory(copying: writer.bytes())
      let model = try Verifier<Every>.verify(memory.model)
      let arena = GuardedMemory(count: model.arenaBytes)
      var session = try Session(model, arena: arena.bytes)
      let pixels = (0..<108).map { UInt8($0) }
      try session.setInput(pixels: pixels.span)
      var values = [Int8](repeating: 0, count: 108)
      var span = values.mutableSpan
      try session.copyTensor(0, into: &span)
      let expected = (0..<108).map { index in
        let channel = index % 3
        let source = blueFirst ? index - channel + 2 - channel : index
        return Int8(bitPattern: (pixels[source] &+ UInt8(channel)) ^ 0x80)
      }
      #expect(values == expected)
    }
  }

  @Test func namesLabelsAndProvenance() throws {
    let memory = GuardedMemory(copying: SampleModels.everyOperator().bytes())
    let model = try Verifier<Every>.verify(memory.model)
    #expect(String(model.name(model.tensor(1).name)) == "tensor1")
    #expect(String(model.name(model.operatorRecord(2).name)) == "operator2")
    #expect(model.labels.lineCount == 10)
    #expect(model.labels.line(9).map { String($0) } == "label 9")
    #expect(model.labels.line(10) == nil)
    #expect(String(model.provenance) == "converter: test\n")
    #expect(model.kind(ofOperator: 0).description == "Conv2D")
    #expect(model.preprocessing?.width == 6)
  }

  @Test func profileHasOneDurationAnOperator() throws {
    let memory = GuardedMemory(copying: SampleModels.everyOperator().bytes())
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    var session = try Session(model, arena: arena.bytes)
    var time: UInt64 = 100
    var durations = [UInt64](repeating: 0, count: model.operatorCount)
    var span = durations.mutableSpan
    session.run(
      clock: {
        time += 5
        return time
      }, durations: &span)
    #expect(durations == [UInt64](repeating: 5, count: model.operatorCount))
  }
}

import Martlet
import Testing

/// SVDF and LSTM: states, what the Verifier refuses, and the numbers against plain definitions.
struct RecurrentTests {
  /// An SVDF of 6 inputs, 8 filters of rank 2, a memory of 5.
  private struct Bank {
    var writer = ModelWriter()
    let inputs = 6
    let filters = 8
    let memory = 5
    let rank = 2
    var features: [Int8] = []
    var times: [Int16] = []
    var biases: [Int32] = []
    let stateElement: ElementType
    let stateZeroPoint: Int
    /// 0.6 · 2^−5 and 0.7 · 2^−9.
    let factors: [Int32] = [1_288_490_189, -5, 1_503_238_554, -9]
    var state = 0

    init(_ element: ElementType, zeroPoint: Int, seed: UInt64) {
      var generator = Generator(seed: seed)
      stateElement = element
      stateZeroPoint = zeroPoint
      features = (0..<filters * inputs).map { _ in Int8.random(in: -127...127, using: &generator) }
      times = (0..<filters * memory).map { _ in Int16.random(in: -127...127, using: &generator) }
      biases = (0..<filters / rank).map { _ in Int32.random(in: -3000...3000, using: &generator) }
      let x = writer.tensor(1, 1, inputs, zeroPoint: 3)
      state = writer.tensor(1, filters, memory, zeroPoint: zeroPoint, element: element)
      writer.tensors[state].flags = TensorRecord.stateFlag
      let output = writer.tensor(1, 1, filters / rank, zeroPoint: -10)
      let words = times.flatMap { ModelWriter.raw($0) } + biases.flatMap { ModelWriter.raw($0) }
      writer.add(
        50, [x, state], output, [Int32(rank)] + factors + [-120, 119], weights: features, table: words)
      writer.inputs = [UInt32(x)]
      writer.outputs = [UInt32(output)]
    }

    /// The definition, one step: `remembered` holds each filter's last results, the oldest first.
    func answer(_ x: [Int8], _ remembered: inout [[Int]]) -> [Int32] {
      let limits = stateElement == .int8 ? -128...127 : -32768...32767
      for filter in 0..<filters {
        var sum = 0
        for index in 0..<inputs { sum += Int(features[filter * inputs + index]) * (Int(x[index]) - 3) }
        let value = scaled(sum, factors[0], factors[1]) + stateZeroPoint
        remembered[filter].removeFirst()
        remembered[filter].append(max(limits.lowerBound, min(limits.upperBound, value)) - stateZeroPoint)
      }
      return (0..<filters / rank).map { unit in
        var sum = Int(biases[unit])
        for filter in unit * rank..<(unit + 1) * rank {
          for place in 0..<memory { sum += Int(times[filter * memory + place]) * remembered[filter][place] }
        }
        return Int32(max(-120, min(119, scaled(sum, factors[2], factors[3]) - 10)))
      }
    }

    /// value · multiplier · 2^(shift − 31), rounded half away from 0 after the multiplication and after the shift.
    private func scaled(_ value: Int, _ multiplier: Int32, _ shift: Int32) -> Int {
      let high = (Double(value) * Double(multiplier) / 0x1p31).rounded(.toNearestOrAwayFromZero)
      return Int((high / Double(1 << Int(-shift))).rounded(.toNearestOrAwayFromZero))
    }
  }

  @Test(arguments: 0..<6 as Range<UInt64>) func filtersRememberAndReset(seed: UInt64) throws {
    let bank = Bank(seed % 2 == 0 ? .int8 : .int16, zeroPoint: seed % 2 == 0 ? -37 : 0, seed: seed)
    let memory = GuardedMemory(copying: bank.writer.bytes())
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    arena.poison(0xA5)
    var session = try Session(model, arena: arena.bytes)
    var generator = Generator(seed: seed + 100)
    let sequence = (0..<20).map { _ in (0..<6).map { _ in Int8.random(in: -128...127, using: &generator) } }
    for _ in 0..<2 {
      var remembered = [[Int]](repeating: [Int](repeating: 0, count: 5), count: 8)
      for x in sequence {
        try session.setInput(x.span)
        session.run()
        var found = [Int32](repeating: 0, count: 4)
        var span = found.mutableSpan
        try session.copyOutput(into: &span)
        #expect(found == bank.answer(x, &remembered))
      }
      session.reset()
    }
    #expect(arena.isUntouchedBefore(0xA5))
  }

  /// A state's bytes are its own: whatever else is placed there, computed there or asked of it is refused.
  @Test func statesAreNobodyElses() {
    let bank = Bank(.int16, zeroPoint: 0, seed: 1)
    #expect(fault(verifying: bank.writer.bytes()) == nil)
    let changes: [(String, Fault.Code, (inout ModelWriter, Int) -> Void)] = [
      ("over the input", .overlap, { $0.tensors[$1].arenaOffset = $0.tensors[0].arenaOffset }),
      ("over the end of the output", .overlap, { $0.tensors[$1].arenaOffset = $0.tensors[2].arenaOffset + 2 }),
      ("no state", .operand, { writer, state in writer.tensors[state].flags = 0 }),
      ("unknown flags", .tensor, { writer, state in writer.tensors[state].flags = 2 }),
      ("an int32 state", .tensor, { writer, state in writer.tensors[state].elementType = 2 }),
      ("the input is a state", .operand, { writer, _ in writer.tensors[0].flags = 1 }),
      ("the output is a state", .operand, { writer, _ in writer.tensors[2].flags = 1 }),
      ("given by the user", .overlap, { $0.inputs.append(UInt32($1)) }),
      ("read by the user", .overlap, { $0.outputs.append(UInt32($1)) }),
      ("used twice", .overlap, { writer, state in writer.operands.append(UInt32(state)) }),
      (
        "scratch over it", .overlap,
        { writer, state in
          writer.operators[0].scratchOffset = writer.tensors[state].arenaOffset / 64 * 64
          writer.operators[0].scratchBytes = 64
        }
      ),
    ]
    for (what, code, change) in changes {
      var writer = bank.writer
      writer.arenaBytes += 256
      change(&writer, bank.state)
      #expect(fault(verifying: writer.bytes())?.code == code, "\(what)")
    }
  }

  /// Shapes and kinds that neither operator can work on, with everything else right.
  @Test func impossibleShapesAreRefused() {
    let changes: [(String, Int, Fault.Code, (inout ModelWriter) -> Void)] = [
      (
        "two rows in", 0, .operand,
        {
          $0.tensors[0].height = 2; $0.tensors[0].rowsHeld = 2
        }
      ),
      (
        "two pixels in", 0, .operand,
        {
          $0.tensors[0].width = 2; $0.tensors[0].rowPitchBytes = 12
        }
      ),
      (
        "a state of two rows", 0, .operand,
        {
          $0.tensors[1].height = 2
          $0.tensors[1].rowsHeld = 2
          $0.tensors[1].width = 4
          $0.tensors[1].rowPitchBytes = 40
        }
      ),
      (
        "two pixels out", 0, .operand,
        {
          $0.tensors[2].width = 2; $0.tensors[2].rowPitchBytes = 8
        }
      ),
      ("an int32 state", 0, .operand, Self.makeWide(1)), ("an int32 hidden state", 1, .operand, Self.makeWide(1)),
      ("an int32 cell", 1, .operand, Self.makeWide(2)),
      ("a hidden state of another scale", 1, .quantization, { $0.tensors[1].scale = 1 }),
      ("a cell with a zero point", 1, .operand, { $0.tensors[2].zeroPoint = 1 }),
    ]
    for (what, kind, code, change) in changes {
      var writer = kind == 0 ? Bank(.int16, zeroPoint: 0, seed: 1).writer : Self.memoryCell()
      change(&writer)
      // Room for whatever grew: every tensor in memory of its own.
      writer.arenaBytes += 4096
      for index in writer.tensors.indices {
        writer.tensors[index].arenaOffset = UInt32(writer.arenaBytes)
        writer.arenaBytes += 1024
      }
      #expect(fault(verifying: writer.bytes())?.code == code, "\(what)")
    }
  }

  private static func makeWide(_ tensor: Int) -> (inout ModelWriter) -> Void {
    { writer in
      let record = writer.tensors[tensor]
      writer.tensors[tensor].elementType = 2
      writer.tensors[tensor].zeroPoint = 0
      writer.tensors[tensor].pixelPitchBytes = UInt32(record.channels * 4)
      writer.tensors[tensor].rowPitchBytes = UInt32(record.width * record.channels * 4)
    }
  }

  /// Two operators cannot share a state.
  @Test func sharedStatesAreRefused() {
    var writer = Bank(.int16, zeroPoint: 0, seed: 1).writer
    let second = writer.operators[0]
    writer.operators.append(second)
    writer.operators[1].firstInput = UInt32(writer.operands.count)
    writer.operands += [0, 1]
    #expect(fault(verifying: writer.bytes())?.code == .overlap)
  }

  /// Each parameter and each size × values around its bounds: refused, or run without touching what is not its own.
  @Test(arguments: [0, 1]) func hostileRecords(kind: Int) {
    let writer = kind == 0 ? Bank(.int16, zeroPoint: 0, seed: 1).writer : Self.memoryCell()
    #expect(fault(verifying: writer.bytes()) == nil)
    for position in 0..<32 {
      for value in [Int32.min, -33, -32, -31, -1, 0, 1, 2, 3, 30, 31, 32, 62, 63, 32767, 32768, .max - 1, .max] {
        var changed = writer
        changed.operators[0].parameters[position] = value
        _ = outputIfAccepted(changed.bytes())
      }
    }
    for bytes in [UInt32(0), 1, 16, 64, 1 << 20, .max] {
      for change in [\OperatorRecord.weights.bytes, \OperatorRecord.table.bytes] {
        var changed = writer
        changed.operators[0][keyPath: change] = bytes
        #expect(fault(verifying: changed.bytes()) != nil)
      }
    }
    for tensor in writer.tensors.indices {
      for size in [Int32(0), 1, 2, 4, 7, 1 << 20] {
        for axis in [\TensorRecord.height, \TensorRecord.width, \TensorRecord.channels] {
          var changed = writer
          changed.tensors[tensor][keyPath: axis] = size
          changed.arenaBytes += 1 << 12
          _ = outputIfAccepted(changed.bytes())
        }
      }
    }
  }

  /// An LSTM of 3 inputs, 4 units and 2 time steps.
  private static func memoryCell() -> ModelWriter {
    var generator = Generator(seed: 5)
    var writer = ModelWriter()
    let x = writer.tensor(1, 2, 3)
    let hidden = writer.tensor(1, 1, 4)
    let cell = writer.tensor(1, 1, 4, scale: 1 / 2048, element: .int16)
    for state in [hidden, cell] { writer.tensors[state].flags = TensorRecord.stateFlag }
    let output = writer.tensor(1, 2, 4)
    let weights = (0..<4 * 4 * (3 + 4)).map { _ in Int8.random(in: -127...127, using: &generator) }
    let table = (0..<256).flatMap { ModelWriter.raw(UInt16(32768 + $0 * 128)) }
    let biases = (0..<16).flatMap { _ in ModelWriter.raw(Int32.random(in: -9000...9000, using: &generator)) }
    var factors: [Int32] = []
    for _ in 0..<8 { factors += [1 << 30, -1] }
    factors += [1 << 30, -14, 1 << 30, -18, 1 << 30, -21]
    writer.add(51, [x, hidden, cell], output, factors + [0, 6 << 20, 20], weights: weights, table: table + biases)
    writer.inputs = [UInt32(x)]
    writer.outputs = [UInt32(output)]
    return writer
  }

  /// A sequence in one run gives what its steps give in several, and what a new session gives.
  @Test func memoryCellsKeepTheirState() throws {
    let memory = GuardedMemory(copying: Self.memoryCell().bytes())
    let model = try Verifier<Every>.verify(memory.model)
    let arena = GuardedMemory(count: model.arenaBytes)
    var session = try Session(model, arena: arena.bytes)
    func answers(_ session: inout Session<Every>) throws -> [[Int32]] {
      try (0..<5).map { step in
        let x = (0..<6).map { Int8(truncatingIfNeeded: $0 &* 41 &+ step &* 17) }
        try session.setInput(x.span)
        session.run()
        var found = [Int32](repeating: 0, count: 8)
        var span = found.mutableSpan
        try session.copyOutput(into: &span)
        return found
      }
    }
    let first = try answers(&session)
    #expect(try answers(&session) != first, "it remembers")
    session.reset()
    #expect(try answers(&session) == first, "and forgets")
  }
}

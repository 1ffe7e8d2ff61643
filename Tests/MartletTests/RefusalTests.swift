import Testing

@testable import Martlet

/// Refusals that need a model of their own: sizes at the limits, kinds of values, constants without a place.
@Suite struct RefusalTests {
  private func one(
    _ code: UInt32, _ inputs: [[Int]], _ output: [Int], _ parameters: [Int32], from: ElementType = .int8,
    to: ElementType = .int8, table: [UInt8] = [], _ change: (inout ModelWriter) -> Void = { _ in }
  ) -> Fault.Code? {
    var writer = ModelWriter()
    let tensors = inputs.map { writer.tensor($0[0], $0[1], $0[2], element: from) }
    let result = writer.tensor(output[0], output[1], output[2], scale: 1 / 32768, element: to)
    writer.add(code, tensors, result, parameters, table: table)
    writer.inputs = tensors.map { UInt32($0) }
    writer.outputs = [UInt32(result)]
    change(&writer)
    return fault(verifying: writer.bytes())?.code
  }

  private static let largeWindow: [Int32] = [256, 256, 1, 1, 1, 1, 0, 0]
  private static let exponentials = (0..<512).flatMap { ModelWriter.raw(Int32.max >> Int32($0 % 256 / 8)) }

  @Test func sizesBeyondTheirLimits() {
    // Weights of one block beyond 1 GiB.
    #expect(
      one(40, [[256, 256, 1028]], [1, 1, 16], Self.largeWindow + [1, 1, -32768, 32767], from: .int16, to: .int16)
        == .parameter)
    // Windows that touch more than half of the largest arena.
    #expect(
      one(1, [[1, 1, 1024]], [1, 1, 16], [2, 2, 1, 1, 1 << 10, 1 << 10, 0, 0, 1, 2, -128, 127]) {
        $0.operators[0].scratchBytes = 0
        $0.operators[0].scratchOffset = 0
        $0.arenaBytes = 1 << 16
      } == .parameter)
    // More values in one group than a float32 counts.
    #expect(one(25, [[5000, 5000, 1]], [5000, 5000, 1], [1, 0, -128, 127, 1]) == .parameter)
    #expect(
      one(8, [[1, 1, 1]], [1, 1, 1], [], table: (0..<256).map { UInt8($0) }) {
        $0.operands += [UInt32](repeating: 0, count: Limits.operands)
      } == .limit)
  }

  @Test func moreStatesThanALimit() {
    func states(_ count: Int) -> Fault.Code? {
      one(8, [[1, 1, 1]], [1, 1, 1], [], table: (0..<256).map { UInt8($0) }) { writer in
        for _ in 0..<count {
          let state = writer.tensor(1, 1, 1)
          writer.tensors[state].flags = TensorRecord.stateFlag
        }
      }
    }
    #expect(states(Limits.states) == nil)
    #expect(states(Limits.states + 1) == .limit)
  }

  @Test func kindsOfValues() {
    let pair = [[1, 1, 4], [1, 1, 4]]
    let sum: [Int32] = [-32768, 32767, 1 << 29, 1 << 29, 30]
    #expect(one(43, pair, [1, 1, 4], sum, from: .int16, to: .int16) == nil)
    #expect(one(43, pair, [1, 1, 4], sum, from: .int16, to: .int16) { $0.tensors[2].zeroPoint = 1 } == .quantization)
    #expect(one(43, pair, [1, 1, 4], sum, from: .int16, to: .int16) { $0.tensors[1].zeroPoint = 1 } == .quantization)
    let factor: [Int32] = [1 << 30, 38]
    #expect(one(49, [[1, 1, 4]], [1, 1, 4], factor, from: .int16) == nil)
    #expect(one(49, [[1, 1, 4]], [1, 1, 4], factor, from: .int32) == .operand)
    #expect(one(49, pair, [1, 1, 4], factor) == .operand)
    #expect(one(42, [[1, 1, 4]], [2, 1, 4], [-32768, 32767], from: .int16, to: .int16) == .operand)
    // A ring cannot be turned round.
    #expect(
      one(13, [[2, 1, 4]], [1, 2, 4], [1, 0, 2]) {
        $0.tensors[0].rowsHeld = 1
        $0.turns = [
          TurnRecord(operatorIndex: TurnRecord.pushedInput, firstRow: 0, rowCount: 1),
          TurnRecord(operatorIndex: TurnRecord.pushedInput, firstRow: 1, rowCount: 1),
          TurnRecord(operatorIndex: 0, firstRow: 0, rowCount: 1),
        ]
      } == .operand)
  }

  /// A single element is taken with whatever step, and the answer is the one of step 1.
  @Test func stepsThatNoElementTakes() {
    func slice(_ steps: [Int32]) -> [Int8]? {
      var writer = ModelWriter()
      let (input, output) = (writer.tensor(5, 5, 5), writer.tensor(1, 1, 1))
      writer.add(11, [input], output, [2, 2, 2] + steps)
      (writer.inputs, writer.outputs) = ([UInt32(input)], [UInt32(output)])
      return outputIfAccepted(writer.bytes())
    }
    let expected = slice([1, 1, 1])
    #expect(expected != nil)
    for axis in 0..<3 {
      for distance in [Int32(5), 1 << 20, .max - 1, .max] {
        var steps: [Int32] = [1, 1, 1]
        steps[axis] = distance
        #expect(slice(steps) == expected, "axis \(axis), \(distance)")
      }
    }
  }

  @Test func softmaxOfSixteenBits() {
    func softmax(_ change: (inout ModelWriter) -> Void) -> Fault.Code? {
      one(47, [[1, 1, 4]], [1, 1, 4], [], from: .int16, to: .int16, table: Self.exponentials, change)
    }
    #expect(softmax { _ in } == nil)
    #expect(
      softmax {
        $0.tensors[1].zeroPoint = -32768
        $0.tensors[1].scale = 1 / 65536
      } == nil)
    #expect(softmax { $0.tensors[1].zeroPoint = -32768 } == .quantization)
    #expect(softmax { $0.tensors[1].zeroPoint = 5 } == .quantization)
    #expect(softmax { $0.tensors[1].scale = 1 / 256 } == .quantization)
    for number in [0, 256] {
      #expect(softmax { $0.tables.replaceSubrange(4 * number..<4 * number + 4, with: [0, 0, 0, 1]) } == .factor)
    }
    #expect(softmax { $0.tables[4 * 300 + 3] = 0x80 } == .factor)
    #expect(softmax { $0.operators[0].inputCount = 0 } == .operand)
  }

  /// A record outside a file, whose constants have a size and no place: what needs them says so.
  @Test func constantsWithoutAPlace() {
    let clamp: [Int32] = [-128, 127]
    let wide: [Int32] = [-32768, 32767]
    let window: [Int32] = [1, 1, 1, 1, 1, 1, 0, 0]
    let pixel = [1, 1, 4]
    let cases: [(UInt32, ElementType, [Int32], weights: Int, channels: Int, table: Int)] = [
      (1, .int8, window + [1, 1] + clamp, 64, 192, 0), (2, .int8, window + clamp, 64, 192, 0),
      (3, .int8, clamp, 64, 192, 0), (40, .int16, window + [1, 1] + wide, 64, 192, 0),
      (41, .int16, window + wide, 64, 192, 0), (42, .int16, wide, 64, 192, 0), (9, .int8, [], 0, 0, 1024),
      (19, .int8, [0], 0, 0, 8), (25, .int8, [1, 1, -128, 127, 0x3F80_0000], 0, 0, 32),
      (48, .int16, [0, 0, 0] + wide, 0, 0, 2052), (47, .int16, [], 0, 0, 2048),
    ]
    for (code, element, parameters, weights, channels, table) in cases {
      var writer = ModelWriter()
      let isSoftmax = code == 9
      let isWideSoftmax = code == 47
      _ = writer.tensor(pixel[0], pixel[1], pixel[2], zeroPoint: 0, element: element)
      _ = writer.tensor(
        pixel[0], pixel[1], pixel[2], scale: isSoftmax ? 1 / 256 : isWideSoftmax ? 1 / 32768 : 0.05,
        zeroPoint: isSoftmax ? -128 : 0, element: element)
      var record = OperatorRecord()
      record.code = code
      record.inputCount = 1
      for (index, parameter) in parameters.enumerated() { record.parameters[index] = parameter }
      record.weights.bytes = UInt32(weights)
      record.channels.bytes = UInt32(channels)
      record.table.bytes = UInt32(table)
      #expect(faultOutsideAFile(record, writer.tensors) != nil, "operator \(code)")
    }
  }

  /// Blocks of channels without a place, asked for alone.
  @Test func channelsWithoutAPlace() {
    let record = OperatorRecord()
    let tensors = [TensorRecord](repeating: TensorRecord(), count: 2)
    func refused(_ require: (borrowing Step) throws(Fault) -> Void) -> Fault? {
      withUnsafePointer(to: record) { record in
        tensors.withUnsafeBufferPointer { tensors in
          let step = Step(record: record, inputs: tensors.baseAddress!, output: tensors.baseAddress! + 1)
          do throws(Fault) {
            try require(step)
            return nil
          } catch { return error }
        }
      }
    }
    #expect(
      refused { step throws(Fault) in try step.requireFactors(blocks: 1, taps: 1) }
        == Fault(.constant, index: 0, detail: 1))
    #expect(
      refused { step throws(Fault) in try step.requireInt16Factors(blocks: 1, taps: 1) }
        == Fault(.constant, index: 0, detail: 1))
  }

  /// Of the steps that a proof may take, those that walks left are all that the proof of a view gets.
  @Test func aViewOfMoreStepsThanAreLeft() {
    var writer = ModelWriter()
    let tensors = (0..<3).map { _ in writer.tensor(1, 1, 8) }
    writer.tensors[tensors[2]].arenaOffset = writer.tensors[tensors[1]].arenaOffset
    writer.add(8, [tensors[0]], tensors[1], table: (0..<256).map { UInt8($0) })
    (writer.inputs, writer.outputs) = ([UInt32(tensors[0])], [UInt32(tensors[2])])
    let memory = GuardedMemory(copying: writer.bytes())
    #expect(fault(verifying: writer.bytes()) == nil)
    func proof(stepsLeft: Int) -> (fault: Fault?, stepsLeft: Int) {
      let view = ModelView(memory.model)
      var check = ViewCheck(tensor: view.tensors + tensors[2], rows: 0..<1, place: 5, stepsLeft: stepsLeft)
      do throws(Fault) {
        try check.verify(view, before: 1, takesRows: false)
        return (nil, check.stepsLeft)
      } catch { return (error, check.stepsLeft) }
    }
    #expect(proof(stepsLeft: 2) == (nil, 1))
    for steps in [0, 1] {
      #expect(proof(stepsLeft: steps).fault == Fault(.limit, index: 5, detail: Limits.planSteps))
    }
  }

  private func faultOutsideAFile(_ record: OperatorRecord, _ tensors: [TensorRecord]) -> Fault.Code? {
    withUnsafePointer(to: record) { record in
      tensors.withUnsafeBufferPointer { tensors in
        let step = Step(record: record, inputs: tensors.baseAddress!, output: tensors.baseAddress! + 1)
        do throws(Fault) {
          try Every.verify(step)
          return nil
        } catch { return error.code }
      }
    }
  }

  /// What the Verifier leaves to families that need it is right in a sound file with every operator.
  @Test func weightSumsOfEveryOperator() throws {
    let memory = GuardedMemory(copying: SampleModels.everyOperator().bytes())
    try Verifier<Every>.verify(memory.model).requireWeightSums()
  }
}

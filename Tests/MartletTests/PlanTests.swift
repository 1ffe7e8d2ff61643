import CShim
import Martlet
import Testing

/// Which memory plans the Verifier accepts.
@Suite struct PlanTests {
  /// x → look-up → y → look-up → z, then z + y: y must survive the second look-up.
  private func chain(_ change: (inout ModelWriter) -> Void) -> Fault.Code? {
    var writer = ModelWriter()
    let table = (0..<256).map { UInt8($0) }
    let x = writer.tensor(4, 4, 8)
    let y = writer.tensor(4, 4, 8)
    let z = writer.tensor(4, 4, 8)
    let sum = writer.tensor(4, 4, 8)
    writer.add(8, [x], y, table: table)
    writer.add(8, [y], z, table: table)
    let one = Int32(bitPattern: Float(1).bitPattern)
    writer.add(6, [z, y], sum, [-128, 127, one, one])
    writer.inputs = [UInt32(x)]
    writer.outputs = [UInt32(sum)]
    change(&writer)
    return fault(verifying: writer.bytes())?.code
  }

  @Test func inPlaceWhereTheValueIsNotReadAgain() {
    #expect(chain { _ in } == nil)
    #expect(chain { $0.tensors[1].arenaOffset = $0.tensors[0].arenaOffset } == nil)
    #expect(chain { $0.tensors[3].arenaOffset = $0.tensors[1].arenaOffset } == nil)
    #expect(chain { $0.tensors[3].arenaOffset = $0.tensors[2].arenaOffset } == nil)
  }

  @Test func refusesALostValue() {
    #expect(chain { $0.tensors[2].arenaOffset = $0.tensors[1].arenaOffset } == .overlap)
  }

  @Test func refusesAPartialOverlap() {
    #expect(chain { $0.tensors[1].arenaOffset = $0.tensors[0].arenaOffset + 64 } == .overlap)
  }

  @Test func refusesScratchOverData() {
    #expect(
      chain {
        $0.operators[1].scratchOffset = $0.tensors[1].arenaOffset
        $0.operators[1].scratchBytes = 64
      } == .overlap)
  }

  @Test func refusesAnInputThatIsComputed() {
    #expect(chain { $0.operators[2].output = 0 } == .operand)
  }

  @Test func refusesAValueNotYetComputed() {
    #expect(chain { $0.operands[0] = 2 } == .operand)
    #expect(chain { $0.operands[0] = 3 } == .operand)
  }

  @Test func readsThroughAReshape() {
    let reshaped = { (writer: inout ModelWriter) in
      var view = writer.tensors[2]
      view.height = 2
      view.width = 8
      view.rowsHeld = 2
      view.rowPitchBytes = 64
      writer.tensors.append(view)
      writer.outputs.append(4)
    }
    #expect(chain(reshaped) == nil)
    #expect(
      chain {
        reshaped(&$0)
        $0.tensors[3].arenaOffset = $0.tensors[2].arenaOffset
        $0.tensors[4].arenaOffset += 64
      } == .operand)
  }

  @Test func readsAWholeMadeOfParts() {
    let assembled = { (writer: inout ModelWriter) in
      for (index, part) in [1, 2].enumerated() {
        writer.tensors[part].arenaOffset = UInt32(writer.arenaBytes + index * 8)
        writer.tensors[part].pixelPitchBytes = 16
        writer.tensors[part].rowPitchBytes = 64
      }
      let whole = writer.tensor(4, 4, 16)
      writer.outputs.append(UInt32(whole))
    }
    #expect(chain(assembled) == nil)
    #expect(
      chain {
        assembled(&$0)
        $0.tensors[2].arenaOffset -= 4
      } == .overlap)
  }

  @Test func refusesAViewOfNothing() {
    #expect(
      chain {
        let nothing = $0.tensor(4, 4, 8)
        $0.operands[3] = UInt32(nothing)
      } == .operand)
  }

  /// An operator that somebody else wrote asks for a row above the first of its input, which no turn writes.
  @Test func refusesRowsOutsideAnInput() {
    var writer = ModelWriter()
    let tensors = (0..<3).map { _ in writer.tensor(4, 1, 16) }
    writer.add(8, [tensors[0]], tensors[1], table: (0..<256).map { UInt8($0) })
    writer.add(8, [tensors[1]], tensors[2], table: (0..<256).map { UInt8($0) })
    writer.inputs = [UInt32(tensors[0])]
    writer.outputs = [UInt32(tensors[2])]
    for row in 0..<4 as Range<Int32> {
      for index in [0, 1] as [UInt16] {
        writer.turns.append(TurnRecord(operatorIndex: index, firstRow: row, rowCount: 1))
      }
    }
    #expect(fault(verifying: writer.bytes()) == nil)
    writer.operators[1].code = RowAbove.code
    writer.operators[1].table = Extent()
    let memory = GuardedMemory(copying: writer.bytes())
    var refusal: Fault?
    do throws(Fault) { _ = try Verifier<With<RowAbove, With<Activation, Empty>>>.verify(memory.model) } catch {
      refusal = error
    }
    #expect(refusal == Fault(.operand, index: 1, detail: tensors[1]))
  }
}

/// Wants the row above, also of the first.
private enum RowAbove: Operator {
  static var code: UInt32 { 1 << 20 }
  static var kind: StaticString { "RowAbove" }

  static func verify(_ step: borrowing Step) throws(Fault) {}

  static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    rows.lowerBound - 1..<rows.upperBound
  }

  static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {}
}

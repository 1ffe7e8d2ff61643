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
}

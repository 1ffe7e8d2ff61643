import Martlet
import Testing

/// Plans in which an operator would read bytes that nothing wrote, or that something else was written over.
@Suite struct StaleBytesTests {
  private static let table = (0..<256).map { UInt8($0) }

  /// A view of 4 × 2 pixels of 16 bytes, a look-up of it, and parts of these channels, each written by a look-up of an input of
  /// its own.
  private func view(of parts: [Range<Int>], ring: Int32 = 4) -> (writer: ModelWriter, view: Int, parts: Set<Int>) {
    var writer = ModelWriter()
    let view = writer.tensor(4, 2, 16)
    var tensors: Set<Int> = []
    for channels in parts {
      let input = writer.tensor(4, 2, channels.count)
      let part = writer.tensor(4, 2, channels.count)
      writer.tensors[part].arenaOffset = writer.tensors[view].arenaOffset + UInt32(channels.lowerBound)
      writer.tensors[part].pixelPitchBytes = 16
      writer.tensors[part].rowPitchBytes = 32
      writer.add(8, [input], part, table: Self.table)
      writer.inputs.append(UInt32(input))
      tensors.insert(part)
    }
    for tensor in tensors.union([view]) { writer.tensors[tensor].rowsHeld = ring }
    let result = writer.tensor(4, 2, 16)
    writer.add(8, [view], result, table: Self.table)
    writer.outputs = [UInt32(result)]
    return (writer, view, tensors)
  }

  /// The bytes add up to the view's in all of them, and leave some of it unwritten.
  @Test func aPartWrittenTwiceIsNotTheOtherPart() {
    #expect(fault(verifying: view(of: [0..<8, 8..<16]).writer.bytes()) == nil)
    for parts in [[0..<8, 0..<8], [8..<16, 8..<16], [0..<10, 4..<10], [0..<4, 0..<4, 8..<16], [2..<6, 4..<16]] {
      let (writer, view, tensors) = view(of: parts)
      #expect(!ArenaOracle.isSound(writer, views: [view], parts: tensors))
      #expect(fault(verifying: writer.bytes())?.code == .operand, "\(parts)")
    }
    // Written over in part or whole, but nothing left out.
    for parts in [
      [0..<8, 8..<16, 0..<8], [0..<8, 0..<8, 8..<16], [0..<16, 4..<8], [0..<10, 6..<16], [8..<16, 0..<16],
    ] {
      #expect(fault(verifying: view(of: parts).writer.bytes()) == nil, "\(parts)")
    }
  }

  /// A row of a part that is written a second time is not the row below.
  @Test func aRowWrittenTwiceIsNotTheNext() {
    let turns = { (reads: Int) -> [TurnRecord] in
      var order = [(0, 0, 2), (1, 0, 1), (2, 0, 1), (1, 1, 3), (0, 2, 2), (2, 1, 3)]
      order.insert((3, 0, 2), at: reads)
      order.append((3, 2, 2))
      return order.map { TurnRecord(operatorIndex: UInt16($0.0), firstRow: Int32($0.1), rowCount: UInt16($0.2)) }
    }
    var (writer, _, _) = view(of: [0..<8, 8..<16, 8..<16])
    writer.turns = turns(4)
    #expect(fault(verifying: writer.bytes()) == nil)
    writer.turns = turns(3)
    #expect(fault(verifying: writer.bytes())?.code == .operand)
  }

  /// The same where the bytes are one row: a reshape of two tensors, one of which was computed twice and the other not at all.
  @Test func aHalfOfAReshapeWrittenTwiceIsNotTheOther() {
    let reshape = { (offsets: [UInt32]) -> ModelWriter in
      var writer = ModelWriter()
      let view = writer.tensor(1, 1, 128)
      for offset in offsets {
        let input = writer.tensor(4, 2, 8)
        let part = writer.tensor(4, 2, 8)
        writer.tensors[part].arenaOffset = writer.tensors[view].arenaOffset + offset
        writer.add(8, [input], part, table: Self.table)
        writer.inputs.append(UInt32(input))
      }
      let result = writer.tensor(1, 1, 128)
      writer.add(8, [view], result, table: Self.table)
      writer.outputs = [UInt32(result)]
      return writer
    }
    for offsets in [[0, 64], [64, 0], [0, 64, 0], [0, 0, 64], [0, 32, 64]] as [[UInt32]] {
      #expect(fault(verifying: reshape(offsets).bytes()) == nil, "\(offsets)")
    }
    for offsets in [[0, 0], [64, 64], [0, 32, 32]] as [[UInt32]] {
      #expect(fault(verifying: reshape(offsets).bytes())?.code == .operand, "\(offsets)")
    }
  }

  /// What lies over the bytes of a part, but has other pixels, other rows or values of another kind, is not that part.
  @Test func aPartOfAnotherShapeIsNoPart() {
    func refused(_ change: (inout ModelWriter) -> Void) -> Fault? {
      var (writer, _, _) = view(of: [0..<8, 8..<16])
      change(&writer)
      return fault(verifying: writer.bytes())
    }
    #expect(refused { _ in } == nil)
    // The first part and what it is computed from, which stays without gaps.
    let (input, part) = (1, 2)
    func reshaped(height: Int32 = 4, width: Int32 = 2, ring: Int32? = nil, turns: [(Int, Int, Int)] = []) -> Fault? {
      refused {
        for tensor in [input, part] {
          $0.tensors[tensor].height = height
          $0.tensors[tensor].rowsHeld = height
          $0.tensors[tensor].width = width
        }
        $0.tensors[part].rowsHeld = ring ?? height
        $0.tensors[input].rowPitchBytes = UInt32(8 * width)
        $0.turns = turns.map {
          TurnRecord(operatorIndex: UInt16($0.0), firstRow: Int32($0.1), rowCount: UInt16($0.2))
        }
      }
    }
    let overlap = Fault(.overlap, index: 0)
    #expect(reshaped(height: 3) == overlap)
    #expect(reshaped(height: 5) == overlap)
    #expect(reshaped(width: 1) == overlap)
    // Rings: as many rows of more, and fewer.
    #expect(reshaped(height: 5, ring: 4, turns: [(0, 0, 4), (1, 0, 4), (2, 0, 4), (0, 4, 1)]) == overlap)
    #expect(reshaped(ring: 2, turns: [(0, 0, 2), (0, 2, 2), (1, 0, 4), (2, 0, 4)]) == overlap)
    #expect(refused { $0.tensors[part].rowPitchBytes = 24 } == overlap)
    #expect(refused { $0.tensors[part].pixelPitchBytes = 12 } == overlap)
    // A row below; and both a row above, of which the second is found first.
    #expect(refused { $0.tensors[part].arenaOffset += 32 } == overlap)
    #expect(refused { $0.tensors[0].arenaOffset += 32 } == Fault(.overlap, index: 1))
    // Four values of two bytes instead of eight of one.
    #expect(
      refused {
        $0.operators[0].code = 49
        $0.operators[0].table = Extent()
        $0.operators[0].parameters[0] = 1 << 30
        $0.operators[0].parameters[1] = 38
        for tensor in [input, part] { $0.tensors[tensor].channels = 4 }
        $0.tensors[input].pixelPitchBytes = 4
        $0.tensors[input].rowPitchBytes = 8
        $0.tensors[part].elementType = ElementType.int16.rawValue
        $0.tensors[part].zeroPoint = 0
      } == overlap)
  }

  /// Random parts, written in random turns, in whole tensors and in rings: the proof and the bytes agree.
  @Test func randomPartsAreProvenByteForByte() {
    var generator = Generator(seed: 11)
    var sound = 0
    var accepted = 0
    for _ in 0..<1500 {
      let ring = Bool.random(using: &generator) ? 4 : Int32.random(in: 1...3, using: &generator)
      let channels = (0..<Int.random(in: 1...4, using: &generator)).map { _ -> Range<Int> in
        let first = 4 * Int.random(in: 0..<4, using: &generator)
        return first..<first + 4 * Int.random(in: 1...4 - first / 4, using: &generator)
      }
      var (writer, view, parts) = view(of: channels, ring: ring)
      writer.turns = turns(operators: writer.operators.count, ring: ring, &generator)
      let expected = ArenaOracle.isSound(writer, views: [view], parts: parts)
      let refused = fault(verifying: writer.bytes())
      // What an earlier row of a ring destroys and another part mends is refused all the same.
      if ring == 4 || refused == nil { #expect((refused == nil) == expected, "\(channels) \(writer.turns)") }
      sound += expected ? 1 : 0
      accepted += refused == nil ? 1 : 0
    }
    #expect(accepted > 200 && accepted < 1300, "\(accepted) of \(sound)")
    #expect(sound - accepted < 20, "\(accepted) of \(sound)")
  }

  /// Four rows of each operator, in turns of random length; the last one, which reads what the others write, mostly waits.
  private func turns(operators: Int, ring: Int32, _ generator: inout Generator) -> [TurnRecord] {
    var turns: [TurnRecord] = []
    var next = [Int32](repeating: 0, count: operators)
    let reader = operators - 1
    while next.contains(where: { $0 < 4 }) {
      let written = next[..<reader].min()!
      let isEarly = Int.random(in: 0..<40, using: &generator) == 0
      let reads = next[reader] < 4 && (isEarly || next[reader] < written)
      let waiting = next.indices.dropLast().filter { next[$0] < 4 && (ring == 4 || next[$0] < next[reader] + ring) }
      guard
        let index = reads && (Bool.random(using: &generator) || waiting.isEmpty)
          ? reader
          : waiting.randomElement(using: &generator)
            ?? next.indices.filter({ next[$0] < 4 }).randomElement(using: &generator)
      else { break }
      let most = min(ring, 4 - next[index], index == reader && !isEarly ? max(1, written - next[index]) : 4)
      let count = Int32.random(in: 1...most, using: &generator)
      turns.append(TurnRecord(operatorIndex: UInt16(index), firstRow: next[index], rowCount: UInt16(count)))
      next[index] += count
    }
    return turns
  }

  /// Pushed rows of an input, each looked up twice, wherever the tensors lie: a row that comes over a result that is still needed
  /// is found, as is everything else.
  @Test func randomPlacesOfPushedRowsAreProvenByteForByte() {
    var generator = Generator(seed: 5)
    var sound = 0
    var destroyed = 0
    for _ in 0..<3000 {
      var writer = ModelWriter()
      let x = writer.tensor(6, 1, 16)
      let y = writer.tensor(6, 1, 16)
      let z = writer.tensor(6, 1, 16)
      writer.add(8, [x], y, table: Self.table)
      writer.add(8, [y], z, table: Self.table)
      writer.inputs = [UInt32(x)]
      writer.outputs = [UInt32(z)]
      writer.tensors[x].rowsHeld = Int32.random(in: 1...3, using: &generator)
      writer.tensors[y].rowsHeld = Int32.random(in: 1...3, using: &generator)
      for tensor in [x, y, z] { writer.tensors[tensor].arenaOffset = 16 * UInt32.random(in: 0..<16, using: &generator) }
      writer.arenaBytes = 640
      let lag = Int.random(in: 0..<3, using: &generator)
      for row in 0..<Int32(6 + lag) {
        for (index, first) in [(TurnRecord.pushedInput, row), (0, row), (1, row - Int32(lag))]
        where (0..<6).contains(first) {
          writer.turns.append(TurnRecord(operatorIndex: index, firstRow: first, rowCount: 1))
        }
      }
      let expected = ArenaOracle.isSound(writer)
      let refused = fault(verifying: writer.bytes())
      // Refused all the same: a look-up in place whose two tensors differ in their rings.
      #expect(
        expected || refused != nil, "\(writer.tensors.map(\.arenaOffset)) \(writer.tensors.map(\.rowsHeld)), lag \(lag)"
      )
      sound += refused == nil ? 1 : 0
      // No operator to name: the rows that were pushed did it.
      destroyed += refused == Fault(.overlap) ? 1 : 0
    }
    #expect(sound > 100 && destroyed > 100, "\(sound) sound, \(destroyed) destroyed by pushed rows")
  }
}

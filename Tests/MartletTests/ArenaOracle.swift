import Martlet

/// What lies in each byte of an arena while a model's turns run: the row of the tensor that was written there last. A second
/// opinion for the proof of plans, byte by byte. Knows operators that read the rows that they write.
struct ArenaOracle {
  private struct Value: Equatable {
    var tensor: Int
    var row: Int32
  }

  private var bytes: [Value?]
  private let writer: ModelWriter

  /// True when each read of `writer`'s turns finds what was meant: the rows of the tensor itself; or, of a tensor in `views`,
  /// rows of the same number of tensors that are `parts`, whichever was written last.
  static func isSound(_ writer: ModelWriter, views: Set<Int> = [], parts: Set<Int> = []) -> Bool {
    var oracle = ArenaOracle(writer)
    let takesRows = writer.turns.contains { $0.operatorIndex == TurnRecord.pushedInput }
    for (position, input) in writer.inputs.enumerated() where position > 0 || !takesRows {
      for row in 0..<writer.tensors[Int(input)].height { oracle.write(Int(input), row) }
    }
    var turns = writer.turns
    if turns.isEmpty {
      turns = writer.operators.indices.map {
        let height = writer.tensors[Int(writer.operators[$0].output)].height
        return TurnRecord(operatorIndex: UInt16($0), firstRow: 0, rowCount: UInt16(height))
      }
    }
    for turn in turns {
      let rows = turn.firstRow..<turn.firstRow + Int32(turn.rowCount)
      var output = Int(writer.inputs[0])
      if turn.operatorIndex != TurnRecord.pushedInput {
        let record = writer.operators[Int(turn.operatorIndex)]
        output = Int(record.output)
        for position in 0..<Int(record.inputCount) {
          let input = Int(writer.operands[Int(record.firstInput) + position])
          guard rows.allSatisfy({ oracle.holds(input, $0, views, parts) }) else { return false }
        }
      }
      for row in rows { oracle.write(output, row) }
    }
    return writer.outputs.allSatisfy { output in
      (0..<writer.tensors[Int(output)].height).allSatisfy { oracle.holds(Int(output), $0, views, parts) }
    }
  }

  private init(_ writer: ModelWriter) {
    self.writer = writer
    bytes = [Value?](repeating: nil, count: writer.arenaBytes)
  }

  private mutating func write(_ tensor: Int, _ row: Int32) {
    for place in places(tensor, row) { bytes[place] = Value(tensor: tensor, row: row) }
  }

  private func holds(_ tensor: Int, _ row: Int32, _ views: Set<Int>, _ parts: Set<Int>) -> Bool {
    places(tensor, row).allSatisfy { place in
      guard let value = bytes[place] else { return false }
      guard views.contains(tensor) else { return value == Value(tensor: tensor, row: row) }
      let isRing = writer.tensors[tensor].rowsHeld < writer.tensors[tensor].height
      return parts.contains(value.tensor) && (!isRing || value.row == row)
    }
  }

  private func places(_ tensor: Int, _ row: Int32) -> [Int] {
    let record = writer.tensors[tensor]
    let first = Int(record.arenaOffset) + Int(row % record.rowsHeld) * Int(record.rowPitchBytes)
    return (0..<Int(record.width)).flatMap { column in
      (0..<Int(record.channels)).map { first + column * Int(record.pixelPitchBytes) + $0 }
    }
  }
}

import Compiler
import Foundation
import Martlet

/// A run of a packed model, turn by turn, in an arena that is watched: before each turn, every byte that nothing needs any
/// more, or not yet, is overwritten; after it, only the rows that the turn computed and its scratch may differ.
struct WatchedRun {
  /// Every output's values.
  private(set) var outputs: [[Int32]] = []
  /// What a turn wrote where it must not.
  private(set) var trespasses: [String] = []
  private let model: AlignedBytes
  private let memory: AlignedBytes
  private static let guardBytes = 256

  /// Runs `file` on pseudo-random inputs.
  /// - Parameters:
  ///   - rubbish: decides what is written over what nothing needs.
  ///   - blind: takes each turn's last row for one that it must not write, to see that the watch notices.
  ///   - forgetful: takes what operators read for rubbish, to see that it decides the answer.
  init(_ file: [UInt8], rubbish: UInt8, blind: Bool = false, forgetful: Bool = false) throws {
    model = AlignedBytes(copying: file)
    let verified = try Verifier<Every>.verify(UnsafeRawBufferPointer(model.buffer))
    memory = AlignedBytes(count: verified.arenaBytes + 2 * Self.guardBytes)
    try run(verified, rubbish: rubbish, blind: blind, forgetful: forgetful)
  }

  private mutating func run(
    _ verified: borrowing Verified<Every>, rubbish: UInt8, blind: Bool, forgetful: Bool
  ) throws {
    let live = Liveness(verified, countsReads: !forgetful)
    memory.buffer.initializeMemory(as: UInt8.self, repeating: rubbish)
    let arena = UnsafeMutableRawBufferPointer(
      rebasing: memory.buffer[Self.guardBytes..<Self.guardBytes + verified.arenaBytes])
    var session = try Session(verified, arena: arena)
    let inputs = WatchedRun.inputs(verified)
    for (position, values) in inputs.enumerated() where position > 0 || !session.takesRows {
      try session.setInput(position, reals: values.span)
    }
    let before = AlignedBytes(count: memory.buffer.count)
    for number in 0..<session.turnCount {
      let turn = verified.turn(number)
      var next = 0
      for range in live.needed[number] + [verified.arenaBytes..<verified.arenaBytes] {
        if next < range.lowerBound {
          memset(
            arena.baseAddress! + next, Int32(truncatingIfNeeded: number &* 37 &+ Int(rubbish)), range.lowerBound - next)
        }
        next = max(next, range.upperBound)
      }
      guard let index = turn.operatorIndex else {
        let rowCount = inputs[0].count / Int(session.input().height)
        for row in turn.rows {
          let values = Array(inputs[0][Int(row) * rowCount..<(Int(row) + 1) * rowCount])
          try session.setInputRow(row, reals: values.span)
        }
        continue
      }
      before.buffer.copyMemory(from: UnsafeRawBufferPointer(memory.buffer))
      session.run(turn: number)
      for range in Liveness.written(verified, turn, isShort: blind) {
        (before.buffer.baseAddress! + Self.guardBytes + range.lowerBound)
          .copyMemory(from: arena.baseAddress! + range.lowerBound, byteCount: range.count)
      }
      if memcmp(before.buffer.baseAddress!, memory.buffer.baseAddress!, memory.buffer.count) != 0 {
        let place = zip(before.buffer, memory.buffer).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
        trespasses.append(
          "turn \(number), rows \(turn.rows) of operator \(index), wrote byte \(place - Self.guardBytes) of the arena")
      }
    }
    for position in 0..<session.outputCount {
      var values = [Int32](repeating: 0, count: session.output(position).count)
      var span = values.mutableSpan
      try session.copyOutput(position, into: &span)
      outputs.append(values)
    }
  }

  /// The same numbers for every plan of a network, over the range of each input.
  private static func inputs(_ model: borrowing Verified<Every>) -> [[Float]] {
    var state: UInt32 = 77
    var inputs: [[Float]] = []
    for position in 0..<model.inputCount {
      let tensor = model.tensor(model.inputTensor(position))
      let span: Float = tensor.elementBytes == 1 ? 1 : 256
      inputs.append(
        (0..<tensor.count).map { _ in
          state = state &* 1_664_525 &+ 1_013_904_223
          return (Float(Int32(bitPattern: state) >> 24) * span - Float(tensor.zeroPoint)) * tensor.scale
        })
    }
    return inputs
  }
}

/// Which bytes of an arena hold something that is still read, before each turn; never too few.
struct Liveness {
  /// By turn, ranges in rising order.
  let needed: [[Range<Int>]]

  init(_ model: borrowing Verified<Every>, countsReads: Bool = true) {
    var isLive = [UInt8](repeating: 0, count: model.arenaBytes)
    func mark(_ ranges: [Range<Int>], _ value: UInt8) {
      isLive.withUnsafeMutableBytes { bytes in
        for range in ranges { memset(bytes.baseAddress! + range.lowerBound, Int32(value), range.count) }
      }
    }
    for position in 0..<model.outputCount {
      let tensor = model.tensor(model.outputTensor(position))
      mark(Liveness.rows(tensor, 0..<tensor.height), 1)
    }
    var found: [[Range<Int>]] = []
    for number in (0..<model.turnCount).reversed() {
      let turn = model.turn(number)
      mark(Liveness.written(model, turn), 0)
      if countsReads, let index = turn.operatorIndex {
        for position in 0..<Int(model.operatorRecord(index).inputCount) {
          let tensor = model.tensor(model.inputTensor(ofOperator: index, position))
          mark(Liveness.rows(tensor, 0..<tensor.rowsHeld), 1)
        }
      }
      for index in 0..<model.tensorCount where model.tensor(index).isState {
        mark(Liveness.rows(model.tensor(index), 0..<model.tensor(index).rowsHeld), 1)
      }
      found.append(Liveness.ranges(isLive))
    }
    needed = found.reversed()
  }

  /// What a turn may write: its rows and its scratch; a state that it keeps.
  static func written(_ model: borrowing Verified<Every>, _ turn: Turn, isShort: Bool = false) -> [Range<Int>] {
    guard let index = turn.operatorIndex else { return rows(model.tensor(model.inputTensor(0)), turn.rows) }
    let record = model.operatorRecord(index)
    let scratch = Int(record.scratchOffset)..<Int(record.scratchOffset) + Int(record.scratchBytes)
    let rows = turn.rows.lowerBound..<turn.rows.upperBound - (isShort ? 1 : 0)
    var found = Liveness.rows(model.tensor(Int(record.output)), rows) + [scratch]
    for position in 0..<Int(record.inputCount) {
      let tensor = model.tensor(model.inputTensor(ofOperator: index, position))
      if tensor.isState { found += Liveness.rows(tensor, 0..<tensor.height) }
    }
    return found
  }

  /// Where rows of a tensor lie.
  private static func rows(_ tensor: TensorRecord, _ rows: Range<Int32>) -> [Range<Int>] {
    let pixelBytes = Int(tensor.channels) * Int(tensor.elementBytes)
    let isDense = pixelBytes == Int(tensor.pixelPitchBytes)
    return rows.flatMap { row -> [Range<Int>] in
      let first = Int(tensor.arenaOffset) + Int(row % tensor.rowsHeld) * Int(tensor.rowPitchBytes)
      if isDense { return [first..<first + Int(tensor.width) * pixelBytes] }
      return (0..<Int(tensor.width)).map { pixel in
        let place = first + pixel * Int(tensor.pixelPitchBytes)
        return place..<place + pixelBytes
      }
    }
  }

  /// The stretches of bytes that are 1.
  private static func ranges(_ bytes: [UInt8]) -> [Range<Int>] {
    bytes.withUnsafeBytes { bytes in
      var found: [Range<Int>] = []
      var place = 0
      func next(_ value: Int32) -> Int {
        guard place < bytes.count, let base = bytes.baseAddress,
          let hit = memchr(base + place, value, bytes.count - place)
        else { return bytes.count }
        return UnsafeRawPointer(hit) - base
      }
      while true {
        place = next(1)
        guard place < bytes.count else { return found }
        let first = place
        place = next(0)
        found.append(first..<place)
      }
    }
  }
}

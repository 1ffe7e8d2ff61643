import Martlet

import struct Graph.GraphError

extension OpenModel {
  /// Keeps what computes tensor number `tensor`, in its order, and makes that the only output.
  /// - Returns: the tensor's new number.
  mutating func cut(at tensor: Int) -> Int {
    var isKept = [Bool](repeating: false, count: steps.count)
    var waiting = [(tensor: tensor, reader: firstReader(of: tensor))]
    while let (read, reader) = waiting.popLast() {
      for writer in writers(of: read, before: reader) where !isKept[writer] {
        isKept[writer] = true
        waiting += steps[writer].inputs.map { ($0, writer) }
      }
    }
    parameters -= steps.indices.filter { !isKept[$0] }.reduce(0) { $0 + parameterCount(ofStep: $1) }
    renumber(isKept, tensor)
    outputs = [outputs[0]]
    return outputs[0]
  }

  /// The first operator that reads a tensor; one past the last when none does.
  private func firstReader(of tensor: Int) -> Int {
    steps.firstIndex { $0.inputs.contains(tensor) } ?? steps.count
  }

  /// The operators whose outputs are, or lie in, what operator `reader` finds in `tensor`: one, or several when no operator
  /// computes the tensor itself because others write parts of it, or the same bytes under another shape.
  private func writers(of tensor: Int, before reader: Int) -> [Int] {
    if let direct = steps.indices.last(where: { $0 < reader && steps[$0].output == tensor }) { return [direct] }
    if inputs.contains(tensor) || tensors[tensor].record.isState { return [] }
    var missing = Places(tensors[tensor].record)
    var found: [Int] = []
    for step in (0..<reader).reversed() where !missing.isEmpty {
      let output = tensors[steps[step].output].record
      guard output.mayBePart(of: tensors[tensor].record) else { continue }
      if missing.remove(output) { found.append(step) }
    }
    return found
  }

  /// Drops operators, their turns, and tensors that nobody names any more.
  private mutating func renumber(_ isKept: [Bool], _ output: Int) {
    var stepNumber = [Int](repeating: -1, count: steps.count)
    for index in steps.indices where isKept[index] { stepNumber[index] = isKept[..<index].count { $0 } }
    if let all = turns {
      turns = all.compactMap { turn in
        guard turn.operatorIndex != TurnRecord.pushedInput else { return turn }
        let number = stepNumber[Int(turn.operatorIndex)]
        guard number >= 0 else { return nil }
        return TurnRecord(operatorIndex: UInt16(number), firstRow: turn.firstRow, rowCount: turn.rowCount)
      }
    }
    steps = steps.indices.filter { isKept[$0] }.map { steps[$0] }
    var isNamed = [Bool](repeating: false, count: tensors.count)
    for index in steps.flatMap({ $0.inputs + [$0.output] }) + inputs + [output] { isNamed[index] = true }
    var tensorNumber = [Int](repeating: -1, count: tensors.count)
    for index in tensors.indices where isNamed[index] { tensorNumber[index] = isNamed[..<index].count { $0 } }
    tensors = tensors.indices.filter { isNamed[$0] }.map { tensors[$0] }
    for index in steps.indices {
      steps[index].inputs = steps[index].inputs.map { tensorNumber[$0] }
      steps[index].output = tensorNumber[steps[index].output]
    }
    inputs = inputs.map { tensorNumber[$0] }
    outputs = [tensorNumber[output]]
  }

  /// Weights and biases of a dense, depthwise or fully connected layer, whatever their widths; of others 0.
  private func parameterCount(ofStep index: Int) -> Int {
    let step = steps[index]
    guard let input = step.inputs.first.map({ tensors[$0].record }) else { return 0 }
    let outputs = Int(tensors[step.output].record.channels)
    let taps = Int(step.record.parameters[0]) * Int(step.record.parameters[1])
    switch step.record.code {
    case 1, 40, 60: return outputs * (taps * Int(input.channels) / max(1, Int(step.record.parameters[8])) + 1)
    case 2, 41: return outputs * (taps + 1)
    case 3, 42, 61: return outputs * (input.count + 1)
    default: return 0
    }
  }
}

/// Bytes of a tensor's values that are still looked for.
private struct Places {
  private let first: Int
  private var isMissing: [Bool]
  private var count: Int
  var isEmpty: Bool { count == 0 }

  init(_ tensor: TensorRecord) {
    first = Int(tensor.arenaOffset)
    isMissing = [Bool](repeating: false, count: tensor.heldBytes)
    count = 0
    tensor.forEachPixel { place, bytes in
      for byte in place - Int(tensor.arenaOffset)..<place - Int(tensor.arenaOffset) + bytes { isMissing[byte] = true }
      count += bytes
    }
  }

  /// Takes the bytes of `other` out; true when there were any.
  mutating func remove(_ other: TensorRecord) -> Bool {
    let before = count
    other.forEachPixel { place, bytes in
      let (low, high) = (max(0, place - first), min(isMissing.count, place - first + bytes))
      guard low < high else { return }
      for byte in low..<high where isMissing[byte] {
        isMissing[byte] = false
        count -= 1
      }
    }
    return count < before
  }
}

extension TensorRecord {
  /// Calls `body` with the arena offset and the bytes of each pixel that it holds.
  fileprivate func forEachPixel(_ body: (Int, Int) -> Void) {
    for row in 0..<Int(rowsHeld) {
      for column in 0..<Int(width) {
        body(
          Int(arenaOffset) + row * Int(rowPitchBytes) + column * Int(pixelPitchBytes),
          Int(channels) * Int(elementBytes))
      }
    }
  }

  /// Whether this may hold values of `whole`: channels of its pixels, or the same bytes without gaps under another shape.
  fileprivate func mayBePart(of whole: TensorRecord) -> Bool {
    guard elementType == whole.elementType else { return false }
    let hasSameRows =
      height == whole.height && width == whole.width && rowsHeld == whole.rowsHeld
      && rowPitchBytes == whole.rowPitchBytes && pixelPitchBytes == whole.pixelPitchBytes
    return hasSameRows || (isWithoutGaps && whole.isWithoutGaps)
  }

  private var isWithoutGaps: Bool { rowsHeld == height && heldBytes == count * Int(elementBytes) }
}

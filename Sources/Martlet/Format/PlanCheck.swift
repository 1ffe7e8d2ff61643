/// The memory plan: each operator finds in its inputs what was meant for them, and destroys nothing that it reads.
///
/// The rule: going back in time from a read, the last write that touches a tensor's bytes is the tensor's own. A tensor
/// that nothing computes is a view (a reshape, or the whole of which others are parts): then the last writes are of
/// tensors that lie in it, or that it lies in.
///
/// Each read walks back to its write, usually a few operators: linear in practice. It never takes more than operands ×
/// operators short steps; `Limits` keeps that below half a second on a desktop processor.
enum PlanCheck<Operators: OperatorSet> {
  static func verify(_ view: borrowing ModelView) throws(Fault) {
    for index in 0..<view.operatorCount {
      try verifyOwnBuffers(view, index)
      let record = view.operators[index]
      let first = Int(truncatingIfNeeded: record.firstInput)
      for position in first..<first + Int(truncatingIfNeeded: record.inputCount) {
        try verifyRead(view, tensor: Int(truncatingIfNeeded: view.operands[position]), before: index)
      }
    }
    for position in 0..<view.outputCount {
      try verifyRead(view, tensor: view.outputTensor(position), before: view.operatorCount)
    }
    for position in 0..<view.inputCount {
      let tensor = view.inputTensor(position)
      for other in 0..<position where overlap(view.tensors[tensor], view.tensors[view.inputTensor(other)]) {
        throw Fault(.overlap, detail: position)
      }
      for index in 0..<view.operatorCount where Int(truncatingIfNeeded: view.operators[index].output) == tensor {
        throw Fault(.operand, index: index, detail: position)
      }
    }
  }

  /// Within one operator: scratch touches neither inputs nor output; the output touches an input only where the operator
  /// works in place.
  private static func verifyOwnBuffers(_ view: borrowing ModelView, _ index: Int) throws(Fault) {
    let step = Step(model: view, index: index, arena: nil)
    let output = step.output
    let scratch = Stretch(scratchOf: view.operators + index)
    guard !scratch.meets(Stretch(output)) else { throw Fault(.overlap, index: index) }
    for position in 0..<step.inputCount {
      let input = step.input(position)
      guard !scratch.meets(Stretch(input)) else { throw Fault(.overlap, index: index) }
      if overlap(input, output), !input.coincides(with: output) || !Operators.worksInPlace(step, input: position) {
        throw Fault(.overlap, index: index, detail: position)
      }
    }
  }

  /// What lies in `tensor` when operator `end` is about to run is what was meant.
  private static func verifyRead(_ view: borrowing ModelView, tensor: Int, before end: Int) throws(Fault) {
    let record = view.tensors[tensor]
    let bytes = Stretch(record)
    var latestForeignWrite = -1
    var parts = Parts(missing: record.valueBytes)
    var index = end - 1
    while index >= 0 {
      let step = view.operators + index
      let output = Int(truncatingIfNeeded: step.pointee.output)
      if output == tensor {
        guard latestForeignWrite < 0 else { throw Fault(.overlap, index: latestForeignWrite) }
        return
      }
      let scratchTouches = Stretch(scratchOf: step).meets(bytes)
      if scratchTouches || (Stretch(view.tensors + output).meets(bytes) && overlap(view.tensors[output], record)) {
        if latestForeignWrite < 0 { latestForeignWrite = index }
        parts.add(view.tensors[output], of: record, isScratch: scratchTouches, writer: index)
      }
      index -= 1
    }
    if isInput(view, tensor) {
      guard latestForeignWrite < 0 else { throw Fault(.overlap, index: latestForeignWrite) }
      return
    }
    guard parts.intruder < 0 else { throw Fault(.overlap, index: parts.intruder) }
    if parts.missing <= 0 { return }
    for position in 0..<view.inputCount
    where Stretch(view.tensors + view.inputTensor(position)).contains(bytes)
      && view.tensors[view.inputTensor(position)].elementType == record.elementType
    { return }
    throw Fault(.operand, index: end, detail: tensor)
  }

  /// What of a view was found while walking back.
  private struct Parts {
    /// Bytes of values not yet found.
    var missing: Int64
    /// The latest operator that wrote something else over what was not yet found, or −1.
    var intruder = -1

    mutating func add(_ written: TensorRecord, of whole: TensorRecord, isScratch: Bool, writer: Int) {
      guard missing > 0, intruder < 0 else { return }
      let isPart = !isScratch && written.elementType == whole.elementType
      if isPart, Stretch(written).contains(Stretch(whole)) {
        missing = 0
      } else if isPart, Stretch(whole).contains(Stretch(written)) {
        missing -= written.valueBytes
      } else {
        intruder = writer
      }
    }
  }

  private static func isInput(_ view: borrowing ModelView, _ tensor: Int) -> Bool {
    for position in 0..<view.inputCount where view.inputTensor(position) == tensor { return true }
    return false
  }

  /// True when the two may share a byte. Side by side in the pixels of one wider tensor, they do not.
  private static func overlap(_ first: TensorRecord, _ second: TensorRecord) -> Bool {
    guard Stretch(first).meets(Stretch(second)) else { return false }
    let pitch = first.pixelPitchBytes
    guard pitch == second.pixelPitchBytes, hasPixelGrid(first, pitch), hasPixelGrid(second, pitch) else { return true }
    let firstPlace = first.arenaOffset % pitch
    let secondPlace = second.arenaOffset % pitch
    let distance = secondPlace >= firstPlace ? secondPlace - firstPlace : secondPlace + pitch - firstPlace
    return Wide.of(distance) < first.pixelBytes || Wide.of(distance) + second.pixelBytes > Wide.of(pitch)
  }

  /// Every pixel, also across rows, is a multiple of `pitch` from the first.
  private static func hasPixelGrid(_ tensor: TensorRecord, _ pitch: UInt32) -> Bool {
    tensor.height == 1 || tensor.rowPitchBytes % pitch == 0
  }
}

/// Bytes of the arena from the first to one past the last that a buffer may touch.
struct Stretch {
  let first: Int64
  let end: Int64

  init(_ tensor: TensorRecord) {
    first = Wide.of(tensor.arenaOffset)
    end = first + tensor.spanBytes
  }

  init(_ tensor: UnsafePointer<TensorRecord>) {
    first = Wide.of(tensor.pointee.arenaOffset)
    end = first + tensor.pointee.spanBytes
  }

  init(scratchOf step: UnsafePointer<OperatorRecord>) {
    first = Wide.of(step.pointee.scratchOffset)
    end = first + Wide.of(step.pointee.scratchBytes)
  }

  func meets(_ other: Stretch) -> Bool { first < other.end && other.first < end && first < end }

  func contains(_ other: Stretch) -> Bool { first <= other.first && other.end <= end }
}

/// The memory plan: each operator finds in its inputs what was meant for them, and destroys nothing that it reads.
///
/// The rule: going back in time from a read, the last write that touches a tensor's bytes is the tensor's own. A tensor
/// that nothing computes is a view (a reshape, or the whole of which others are parts): then the last writes are of
/// tensors that lie in it, or that it lies in.
///
/// Each read walks back to its write, usually a few operators; never more than operands × operators steps, both bounded
/// by `Limits`.
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
    guard !scratchTouches(view.operators[index], output) else { throw Fault(.overlap, index: index) }
    for position in 0..<step.inputCount {
      let input = step.input(position)
      guard !scratchTouches(view.operators[index], input) else { throw Fault(.overlap, index: index) }
      if overlap(input, output), !input.coincides(with: output) || !Operators.worksInPlace(step, input: position) {
        throw Fault(.overlap, index: index, detail: position)
      }
    }
  }

  /// What lies in `tensor` when operator `end` is about to run is what was meant.
  private static func verifyRead(_ view: borrowing ModelView, tensor: Int, before end: Int) throws(Fault) {
    let record = view.tensors[tensor]
    let writer = lastWriter(view, of: tensor, before: end)
    let isComputed = writer >= 0 || isInput(view, tensor)
    var missing = record.elementCount
    var index = end - 1
    while index >= 0 {
      let operatorRecord = view.operators[index]
      let output = Int(truncatingIfNeeded: operatorRecord.output)
      if output == tensor { return }
      if scratchTouches(operatorRecord, record) { throw Fault(.overlap, index: index) }
      let written = view.tensors[output]
      if overlap(written, record) {
        guard !isComputed else { throw Fault(.overlap, index: index) }
        if contains(written, record) { return }
        guard contains(record, written) else { throw Fault(.overlap, index: index) }
        missing -= written.elementCount
        if missing <= 0 { return }
      }
      index -= 1
    }
    if isInput(view, tensor) { return }
    for position in 0..<view.inputCount where contains(view.tensors[view.inputTensor(position)], record) { return }
    throw Fault(.operand, index: end, detail: tensor)
  }

  /// The last operator before `end` whose output is `tensor`, or −1.
  private static func lastWriter(_ view: borrowing ModelView, of tensor: Int, before end: Int) -> Int {
    var index = end - 1
    while index >= 0, Int(truncatingIfNeeded: view.operators[index].output) != tensor { index -= 1 }
    return index
  }

  private static func isInput(_ view: borrowing ModelView, _ tensor: Int) -> Bool {
    for position in 0..<view.inputCount where view.inputTensor(position) == tensor { return true }
    return false
  }

  private static func scratchTouches(_ record: OperatorRecord, _ tensor: TensorRecord) -> Bool {
    let first = Wide.of(record.scratchOffset)
    let end = first + Wide.of(record.scratchBytes)
    return first < end && first < Wide.of(tensor.arenaOffset) + tensor.spanBytes && Wide.of(tensor.arenaOffset) < end
  }

  /// True when the two may share a byte. Side by side in the pixels of one wider tensor, they do not.
  private static func overlap(_ first: TensorRecord, _ second: TensorRecord) -> Bool {
    let firstOffset = Wide.of(first.arenaOffset)
    let secondOffset = Wide.of(second.arenaOffset)
    guard firstOffset < secondOffset + second.spanBytes, secondOffset < firstOffset + first.spanBytes else {
      return false
    }
    let pitch = first.pixelPitchBytes
    guard pitch == second.pixelPitchBytes, hasPixelGrid(first, pitch), hasPixelGrid(second, pitch) else { return true }
    let distance =
      firstOffset < secondOffset
      ? (secondOffset - firstOffset) % Wide.of(pitch)
      : (Wide.of(pitch) - (firstOffset - secondOffset) % Wide.of(pitch)) % Wide.of(pitch)
    return distance < Wide.of(first.channels) || distance + Wide.of(second.channels) > Wide.of(pitch)
  }

  /// Every pixel, also across rows, is a multiple of `pitch` from the first.
  private static func hasPixelGrid(_ tensor: TensorRecord, _ pitch: UInt32) -> Bool {
    tensor.height == 1 || tensor.rowPitchBytes % pitch == 0
  }

  /// True when every byte of `part` lies between the first and the last byte of `whole`.
  private static func contains(_ whole: TensorRecord, _ part: TensorRecord) -> Bool {
    whole.arenaOffset <= part.arenaOffset
      && Wide.of(part.arenaOffset) + part.spanBytes <= Wide.of(whole.arenaOffset) + whole.spanBytes
  }
}

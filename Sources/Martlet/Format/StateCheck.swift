/// States: tensors that keep their values from one run to the next. Their bytes belong to nobody else.
///
/// Takes states × (tensors + operators) short steps; `Limits.states` keeps that low.
enum StateCheck {
  static func verify(_ view: borrowing ModelView) throws(Fault) {
    var states = 0
    for index in 0..<view.tensorCount where view.tensors[index].isState {
      states += 1
      guard states <= Limits.states else { throw Fault(.limit, detail: states) }
      try verifyAlone(view, index)
    }
  }

  /// No other tensor and no scratch touches the state, nobody computes it, the user neither gives nor gets it, and one
  /// operator uses it, once.
  private static func verifyAlone(_ view: borrowing ModelView, _ state: Int) throws(Fault) {
    let bytes = Stretch(view.tensors + state)
    for other in 0..<view.tensorCount where other != state {
      guard !bytes.meets(Stretch(view.tensors + other)) else { throw Fault(.overlap, detail: other) }
    }
    for index in 0..<view.operatorCount {
      let record = view.operators + index
      guard !Stretch(scratchOf: record).meets(bytes), Int(truncatingIfNeeded: record.pointee.output) != state else {
        throw Fault(.overlap, index: index, detail: state)
      }
    }
    var uses = 0
    for position in 0..<view.operandCount where Int(truncatingIfNeeded: view.operands[position]) == state { uses &+= 1 }
    for position in 0..<view.inputCount where view.inputTensor(position) == state { uses &+= 2 }
    for position in 0..<view.outputCount where view.outputTensor(position) == state { uses &+= 2 }
    guard uses <= 1 else { throw Fault(.overlap, detail: state) }
  }
}

/// What a turn does to bytes that a later turn reads.
struct TurnWrite {
  /// The operator, or −1 for pushed rows.
  let writer: Int
  /// The tensor and its rows that the turn writes.
  let output: Int
  let rows: Range<Int32>
  /// Whether scratch touches the bytes.
  let scratchTouches: Bool
  /// Whether anything does.
  let touches: Bool

  /// Turn `number`, and `bytes` of `tensor`.
  @inline(never)
  init(
    _ view: borrowing ModelView, _ number: Int, over tensor: UnsafePointer<TensorRecord>, _ bytes: RowStretches
  ) {
    writer = view.operatorIndex(ofTurn: number)
    output = view.output(ofTurn: number)
    rows = view.rows(ofTurn: number)
    scratchTouches = writer >= 0 && Stretch(scratchOf: view.operators + writer).meets(bytes)
    let written = view.tensors + output
    touches = scratchTouches || (mayShare(written, tensor) && RowStretches(written, rows).meets(bytes))
  }
}

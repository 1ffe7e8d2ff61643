/// What lies in rows of a view, a tensor that nothing computes: every byte of its values must have been written last as a part of
/// it, or as a whole of which it is a part.
///
/// The bytes are swept in boxes, rows × columns, that have one last writer each. Parts are channel ranges of the same pixels: then
/// columns are bytes of a pixel, and the first stands for all. Or they and the view lie without gaps: then all bytes are one row.
struct ViewCheck {
  /// Short steps that are left.
  var stepsLeft: Int
  private let tensor: UnsafePointer<TensorRecord>
  private let rows: Range<Int32>
  /// The operator that reads.
  private let place: Int
  /// Whether all bytes are one row.
  private var isFlat = true

  /// `rows` is not empty, lies in the tensor and has at most `rowsHeld` rows.
  init(tensor: UnsafePointer<TensorRecord>, rows: Range<Int32>, place: Int, stepsLeft: Int) {
    self.tensor = tensor
    self.rows = rows
    self.place = place
    self.stepsLeft = stepsLeft
  }

  /// Proves it for what turns before number `end` and the caller wrote.
  @inline(never)
  mutating func verify(_ view: borrowing ModelView, before end: Int, takesRows: Bool) throws(Fault) {
    let bytes = RowStretches(tensor, rows).lower
    if isWhole(tensor) {
      let all = Box(firstRow: 0, endRow: 1, firstColumn: bytes.first, endColumn: bytes.end)
      do throws(Fault) {
        return try sweep(view, all, before: end, takesRows)
      } catch {
        // All that was found are parts of this kind, and some are missing.
        if error.code == .operand { throw error }
      }
    }
    isFlat = false
    let all = Box(
      firstRow: rows.lowerBound, endRow: rows.upperBound, firstColumn: Stretch(tensor).first,
      endColumn: Stretch(tensor).first &+ tensor.pointee.pixelBytes)
    try sweep(view, all, before: end, takesRows)
  }

  @inline(never)
  private mutating func sweep(
    _ view: borrowing ModelView, _ all: Box, before end: Int, _ takesRows: Bool
  ) throws(Fault) {
    var box = all
    while box.firstRow < all.endRow {
      box.endRow = all.endRow
      while box.firstColumn < all.endColumn {
        box.endColumn = all.endColumn
        try findWriter(view, before: end, of: &box, takesRows)
        box.firstColumn = box.endColumn
      }
      box.firstColumn = all.firstColumn
      box.firstRow = box.endRow
    }
  }

  /// Finds who wrote the first byte of `box` last, and cuts the box to what has the same last writer.
  private mutating func findWriter(
    _ view: borrowing ModelView, before end: Int, of box: inout Box, _ takesRows: Bool
  ) throws(Fault) {
    var number = end
    while number > 0 {
      number &-= 1
      stepsLeft &-= 1
      guard stepsLeft > 0 else { throw Fault(.limit, index: place, detail: Limits.planSteps) }
      let bytes =
        isFlat
        ? RowStretches(Stretch(first: box.firstColumn, end: box.endColumn))
        : RowStretches(tensor, box.firstRow..<box.endRow)
      let write = TurnWrite(view, number, over: tensor, bytes)
      guard write.touches else { continue }
      guard !write.scratchTouches, let part = part(view.tensors + write.output, write.rows) else {
        throw Fault(.overlap, index: write.writer)
      }
      // Other channels, of whatever row of a ring.
      if part.firstColumn >= box.endColumn || part.endColumn <= box.firstColumn { continue }
      guard part.firstRow < box.endRow, part.endRow > box.firstRow,
        part.endRow &- tensor.pointee.rowsHeld <= box.firstRow
      else { throw Fault(.overlap, index: write.writer) }
      if box.cut(by: part) { return }
    }
    for position in 0..<view.inputCount where position > 0 || !takesRows {
      let input = view.tensors + view.inputTensor(position)
      if input.pointee.elementType == tensor.pointee.elementType, input.pointee.isPacked,
        Stretch(input).contains(Stretch(tensor))
      {
        return
      }
    }
    throw Fault(.operand, index: place)
  }

  /// The box that written rows of another tensor are; nil when they are no part of the view.
  @inline(never)
  private func part(_ written: UnsafePointer<TensorRecord>, _ writtenRows: Range<Int32>) -> Box? {
    guard written.pointee.elementType == tensor.pointee.elementType else { return nil }
    if isFlat {
      let bytes = RowStretches(written, writtenRows).lower
      return isWhole(written) ? Box(firstRow: 0, endRow: 1, firstColumn: bytes.first, endColumn: bytes.end) : nil
    }
    let first = Stretch(written).first
    let end = first &+ written.pointee.pixelBytes
    guard written.pointee.height == tensor.pointee.height, written.pointee.width == tensor.pointee.width,
      written.pointee.rowsHeld == tensor.pointee.rowsHeld,
      written.pointee.rowPitchBytes == tensor.pointee.rowPitchBytes,
      written.pointee.pixelPitchBytes == tensor.pointee.pixelPitchBytes,
      first < Stretch(tensor).first &+ tensor.pointee.pixelBytes, end > Stretch(tensor).first
    else { return nil }
    return Box(firstRow: writtenRows.lowerBound, endRow: writtenRows.upperBound, firstColumn: first, endColumn: end)
  }

  /// True for a tensor without gaps that holds all of its rows.
  @inline(never)
  private func isWhole(_ tensor: UnsafePointer<TensorRecord>) -> Bool {
    tensor.pointee.isPacked && tensor.pointee.rowsHeld == tensor.pointee.height
  }
}

/// Rows × columns, neither empty. Columns are where the bytes of a row's first pixel would lie in the arena were it the first row.
private struct Box {
  var firstRow: Int32
  var endRow: Int32
  var firstColumn: Int32
  var endColumn: Int32

  /// Leaves what a part that shares rows does not touch, up to its beginning; or, where it has this box's first byte, what the
  /// two share: then true.
  mutating func cut(by part: Box) -> Bool {
    if part.firstRow > firstRow {
      endRow = part.firstRow
    } else if part.firstColumn > firstColumn {
      endColumn = min(endColumn, part.firstColumn)
    } else if part.endColumn > firstColumn {
      endRow = min(endRow, part.endRow)
      endColumn = min(endColumn, part.endColumn)
      return true
    }
    return false
  }
}

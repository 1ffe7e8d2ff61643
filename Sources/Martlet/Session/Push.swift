/// The first input given row by row, as a camera delivers it: the arena holds only the rows that are still needed.
///
/// ```swift
/// for row in rows {
///   if try session.push(row: row) { … the answer is there … }
/// }
/// ```
/// All other inputs must be set before the first row. After the last row the next picture may begin at once.
extension Session {
  /// Gives the next row of quantized values, W×C, of the first input and computes what can be computed with it.
  /// - Returns: true after the last row: the outputs hold the answer.
  /// - Throws: `inputOutput` when the model takes its input whole or `row` is not of a row's size (detail).
  @discardableResult
  public mutating func push(row: Span<Int8>) throws(Fault) -> Bool {
    try nextRow(count: row.count, .int8).set(row)
    return advance()
  }

  /// Gives the next row from the bytes of a file: int8, or little-endian int16, as the input's element type is.
  /// - Returns: true after the last row: the outputs hold the answer.
  /// - Throws: `inputOutput` when the model takes its input whole or `row` is not of a row's size (detail).
  @discardableResult
  public mutating func push(bytes row: RawSpan) throws(Fault) -> Bool {
    let elementBytes = Int(input(0).elementBytes)
    guard row.byteCount % elementBytes == 0 else { throw Fault(.inputOutput) }
    try nextRow(count: row.byteCount / elementBytes).set(bytes: row)
    return advance()
  }

  /// Gives the next row as real values, W×C.
  /// - Returns: true after the last row: the outputs hold the answer.
  /// - Throws: `inputOutput` when the model takes its input whole or `row` is not of a row's size (detail).
  @discardableResult
  public mutating func push(reals row: Span<Float>) throws(Fault) -> Bool {
    try nextRow(count: row.count).set(reals: row)
    return advance()
  }

  /// Gives the next row as pixels, W × 3 or W × 1 bytes, each through the file's table.
  /// - Returns: true after the last row: the outputs hold the answer.
  /// - Throws: `text` when the file has no preprocessing; `inputOutput` when the model takes its input whole or `row` is
  ///   not of a row's size (detail).
  @discardableResult
  public mutating func push(pixels row: Span<UInt8>) throws(Fault) -> Bool {
    let rule = try pixelRule()
    try nextRow(count: row.count, .int8).set(pixels: row, rule)
    return advance()
  }

  /// Sets one row of the first input, real values W×C, without computing anything: for callers that run turn by turn, who
  /// give the rows of a turn without operator before they run it.
  /// - Throws: `inputOutput` when there is no such row or `values` is not of a row's size (detail).
  public mutating func setInputRow(_ row: Int32, reals values: Span<Float>) throws(Fault) {
    let record = view.tensors + view.inputTensor(0)
    let rowCount = Int(record.pointee.width) * Int(record.pointee.channels)
    guard (0..<record.pointee.height).contains(row), values.count == rowCount else {
      throw Fault(.inputOutput, detail: rowCount)
    }
    place(ofRow: row, record).set(reals: values)
  }

  /// Begins a new picture, whatever was pushed before.
  public mutating func restart() {
    nextTurn = 0
    rowsPushed = 0
  }

  /// Where the next row goes. What does not need it is computed first: it may still read the row that lies there.
  private mutating func nextRow(count: Int, _ type: ElementType? = nil) throws(Fault) -> TensorPlace {
    let record = view.tensors + view.inputTensor(0)
    let rowCount = Int(record.pointee.width) * Int(record.pointee.channels)
    guard takesRows, count == rowCount, type == nil || record.pointee.element == type else {
      throw Fault(.inputOutput, detail: rowCount)
    }
    if rowsPushed == 0 { advanceToPush() }
    return place(ofRow: rowsPushed, record)
  }

  /// Runs the turns up to the next one that waits for rows, or to the end.
  private mutating func advanceToPush() {
    while nextTurn < turnCount, view.operatorIndex(ofTurn: nextTurn) >= 0 {
      runTurn(nextTurn)
      nextTurn += 1
    }
  }

  /// One row more is there.
  private mutating func advance() -> Bool {
    rowsPushed += 1
    guard rowsPushed == view.rows(ofTurn: nextTurn).upperBound else { return false }
    nextTurn += 1
    advanceToPush()
    guard nextTurn == turnCount else { return false }
    restart()
    return true
  }
}

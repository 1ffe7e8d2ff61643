/// Bytes of the arena from the first to one past the last that a buffer may touch. Thirty-two bits suffice: all lie in the
/// arena, as `TensorCheck` and `OperatorCheck` proved.
struct Stretch {
  let first: Int32
  let end: Int32

  init(first: Int32, end: Int32) {
    self.first = first
    self.end = end
  }

  @inline(never)
  init(_ tensor: UnsafePointer<TensorRecord>) {
    self = RowStretches.stretch(tensor, from: 0, count: tensor.pointee.rowsHeld)
  }

  init(scratchOf step: UnsafePointer<OperatorRecord>) {
    first = Int32(bitPattern: step.pointee.scratchOffset)
    end = first &+ Int32(bitPattern: step.pointee.scratchBytes)
  }

  func meets(_ other: Stretch) -> Bool { shared(other) > 0 }

  func meets(_ rows: RowStretches) -> Bool { meets(rows.lower) || meets(rows.upper) }

  func contains(_ other: Stretch) -> Bool { first <= other.first && other.end <= end }

  /// Bytes that both have.
  @inline(never)
  func shared(_ other: Stretch) -> Int32 { max(0, min(end, other.end) &- max(first, other.first)) }
}

/// Where some rows of a tensor lie: one stretch, or two when a ring wraps between them.
struct RowStretches {
  /// From the first row's place on.
  let lower: Stretch
  /// From the start of the ring on; empty without a wrap.
  let upper: Stretch

  /// `rows` is not empty, lies in the tensor and has at most `rowsHeld` rows.
  @inline(never)
  init(_ tensor: UnsafePointer<TensorRecord>, _ rows: Range<Int32>) {
    let held = tensor.pointee.rowsHeld
    let slot = rows.lowerBound % held
    let count = rows.upperBound - rows.lowerBound
    let straight = min(count, held - slot)
    lower = RowStretches.stretch(tensor, from: slot, count: straight)
    upper = RowStretches.stretch(tensor, from: 0, count: count - straight)
  }

  func meets(_ other: RowStretches) -> Bool { shared(other) > 0 }

  /// Bytes that both have.
  @inline(never)
  func shared(_ other: RowStretches) -> Int32 {
    lower.shared(other.lower) &+ lower.shared(other.upper) &+ upper.shared(other.lower) &+ upper.shared(other.upper)
  }

  @inline(never)
  static func stretch(_ tensor: UnsafePointer<TensorRecord>, from slot: Int32, count: Int32) -> Stretch {
    let pitch = Int32(bitPattern: tensor.pointee.rowPitchBytes)
    let first = Int32(bitPattern: tensor.pointee.arenaOffset) &+ slot &* pitch
    guard count > 0 else { return Stretch(first: first, end: first) }
    return Stretch(first: first, end: first &+ (count &- 1) &* pitch &+ tensor.pointee.rowBytes)
  }
}

/// What of a view's rows is found while walking back in time.
struct ViewParts {
  /// Bytes of values not yet found.
  var missing: Int32
  /// The latest operator that wrote something else over what was not yet found.
  var intruder: Int?
  private let view: UnsafePointer<TensorRecord>
  private let rows: Range<Int32>
  private let stretches: RowStretches

  init(_ view: UnsafePointer<TensorRecord>, _ rows: Range<Int32>) {
    self.view = view
    self.rows = rows
    stretches = RowStretches(view, rows)
    missing = (rows.upperBound &- rows.lowerBound) &* view.pointee.width &* view.pointee.pixelBytes
  }

  /// Rows of a tensor that shares bytes with the view were written.
  mutating func add(_ written: UnsafePointer<TensorRecord>, _ writtenRows: Range<Int32>, isScratch: Bool, writer: Int) {
    guard missing > 0, intruder == nil else { return }
    if isScratch || written.pointee.elementType != view.pointee.elementType {
      intruder = writer
    } else if let pixelBytes = sharedPixelBytes(written) {
      if writtenRows.upperBound <= rows.lowerBound { return }
      let shared = min(rows.upperBound, writtenRows.upperBound) &- max(rows.lowerBound, writtenRows.lowerBound)
      if shared <= 0 || writtenRows.upperBound &- view.pointee.rowsHeld > rows.lowerBound {
        intruder = writer
      } else {
        missing &-= shared &* view.pointee.width &* pixelBytes
      }
    } else if view.pointee.isPacked, written.pointee.isPacked, view.pointee.rowsHeld == view.pointee.height,
      written.pointee.rowsHeld == written.pointee.height,
      Stretch(view).contains(Stretch(written)) || Stretch(written).contains(Stretch(view))
    {
      missing &-= RowStretches(written, writtenRows).shared(stretches)
    } else {
      intruder = writer
    }
    // Values found twice: one write lies over another.
    if missing < 0 { intruder = writer }
  }

  /// How many bytes of each pixel the two share when one is a channel range of the other, pixel by pixel, in the same
  /// rows; nil when they are not.
  private func sharedPixelBytes(_ other: UnsafePointer<TensorRecord>) -> Int32? {
    guard other.pointee.height == view.pointee.height, other.pointee.width == view.pointee.width,
      other.pointee.rowsHeld == view.pointee.rowsHeld,
      other.pointee.rowPitchBytes == view.pointee.rowPitchBytes,
      other.pointee.pixelPitchBytes == view.pointee.pixelPitchBytes
    else { return nil }
    let distance = Int32(bitPattern: other.pointee.arenaOffset) &- Int32(bitPattern: view.pointee.arenaOffset)
    let shared = min(view.pointee.pixelBytes, distance &+ other.pointee.pixelBytes) &- max(0, distance)
    return shared > 0 ? shared : nil
  }
}

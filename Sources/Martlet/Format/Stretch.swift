/// Bytes of the arena from the first to one past the last that a buffer may touch. Thirty-two bits suffice: all lie in the
/// arena, as `TensorCheck` and `OperatorCheck` proved.
struct Stretch {
  let first: Int32
  let end: Int32

  init(first: Int32, end: Int32) {
    self.first = first
    self.end = end
  }

  init(_ tensor: TensorRecord) { self = withUnsafePointer(to: tensor) { Stretch($0) } }

  @inline(never)
  init(_ tensor: UnsafePointer<TensorRecord>) {
    first = Int32(bitPattern: tensor.pointee.arenaOffset)
    end = first &+ Int32(truncatingIfNeeded: tensor.pointee.spanBytes)
  }

  init(scratchOf step: UnsafePointer<OperatorRecord>) {
    first = Int32(bitPattern: step.pointee.scratchOffset)
    end = first &+ Int32(bitPattern: step.pointee.scratchBytes)
  }

  func meets(_ other: Stretch) -> Bool { max(first, other.first) < min(end, other.end) }

  func meets(_ rows: RowStretches) -> Bool { meets(rows.lower) || meets(rows.upper) }

  func contains(_ other: Stretch) -> Bool { first <= other.first && other.end <= end }

  /// Bytes that both have.
  func shared(_ other: Stretch) -> Int32 { max(0, min(end, other.end) - max(first, other.first)) }
}

/// Where some rows of a tensor lie: one stretch, or two when a ring wraps between them.
struct RowStretches {
  /// From the first row's place on.
  let lower: Stretch
  /// From the start of the ring on; empty without a wrap.
  let upper: Stretch

  /// `rows` is not empty, lies in the tensor and has at most `rowsHeld` rows.
  init(_ tensor: TensorRecord, _ rows: Range<Int32>) {
    let slot = rows.lowerBound % tensor.rowsHeld
    let count = rows.upperBound - rows.lowerBound
    let straight = min(count, tensor.rowsHeld - slot)
    lower = RowStretches.stretch(tensor, from: slot, count: straight)
    upper = RowStretches.stretch(tensor, from: 0, count: count - straight)
  }

  func meets(_ other: RowStretches) -> Bool {
    lower.meets(other.lower) || upper.meets(other.lower) || lower.meets(other.upper) || upper.meets(other.upper)
  }

  /// Bytes that both have.
  func shared(_ other: RowStretches) -> Int32 {
    lower.shared(other.lower) + lower.shared(other.upper) + upper.shared(other.lower) + upper.shared(other.upper)
  }

  private static func stretch(_ tensor: TensorRecord, from slot: Int32, count: Int32) -> Stretch {
    let pitch = Int32(bitPattern: tensor.rowPitchBytes)
    let first = Int32(bitPattern: tensor.arenaOffset) &+ slot &* pitch
    guard count > 0 else { return Stretch(first: first, end: first) }
    let rowBytes =
      (tensor.width - 1) &* Int32(bitPattern: tensor.pixelPitchBytes) &+ Int32(truncatingIfNeeded: tensor.pixelBytes)
    return Stretch(first: first, end: first &+ (count - 1) &* pitch &+ rowBytes)
  }
}

/// What of a view's rows is found while walking back in time.
struct ViewParts {
  /// Bytes of values not yet found.
  var missing: Int64
  /// The latest operator that wrote something else over what was not yet found.
  var intruder: Int?
  private let view: TensorRecord
  private let rows: Range<Int32>
  private let stretches: RowStretches

  init(_ view: TensorRecord, _ rows: Range<Int32>) {
    self.view = view
    self.rows = rows
    stretches = RowStretches(view, rows)
    missing = Wide.product(
      Wide.of(rows.upperBound - rows.lowerBound) * Wide.of(view.width), view.pixelBytes)
  }

  /// Rows of a tensor that shares bytes with the view were written.
  mutating func add(_ written: TensorRecord, _ writtenRows: Range<Int32>, isScratch: Bool, writer: Int) {
    guard missing > 0, intruder == nil else { return }
    if isScratch || written.elementType != view.elementType {
      intruder = writer
    } else if let pixelBytes = sharedPixelBytes(written) {
      if writtenRows.upperBound <= rows.lowerBound { return }
      let shared = min(rows.upperBound, writtenRows.upperBound) - max(rows.lowerBound, writtenRows.lowerBound)
      if shared <= 0 || writtenRows.upperBound - view.rowsHeld > rows.lowerBound {
        intruder = writer
      } else {
        missing -= Wide.product(Wide.of(shared) * Wide.of(view.width), pixelBytes)
      }
    } else if view.isPacked, written.isPacked, view.rowsHeld == view.height, written.rowsHeld == written.height,
      Stretch(view).contains(Stretch(written)) || Stretch(written).contains(Stretch(view))
    {
      missing -= Wide.of(RowStretches(written, writtenRows).shared(stretches))
    } else {
      intruder = writer
    }
    // Values found twice: one write lies over another.
    if missing < 0 { intruder = writer }
  }

  /// How many bytes of each pixel the two share when one is a channel range of the other, pixel by pixel, in the same
  /// rows; nil when they are not.
  private func sharedPixelBytes(_ other: TensorRecord) -> Int64? {
    guard other.height == view.height, other.width == view.width, other.rowsHeld == view.rowsHeld,
      other.rowPitchBytes == view.rowPitchBytes, other.pixelPitchBytes == view.pixelPitchBytes
    else { return nil }
    let distance = Wide.of(other.arenaOffset) - Wide.of(view.arenaOffset)
    let shared = min(view.pixelBytes, distance + other.pixelBytes) - max(0, distance)
    return shared > 0 ? shared : nil
  }
}

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
    let slot = Int32(bitPattern: UInt32(bitPattern: rows.lowerBound) % UInt32(bitPattern: held))
    let count = rows.upperBound &- rows.lowerBound
    let straight = min(count, held &- slot)
    lower = RowStretches.stretch(tensor, from: slot, count: straight)
    upper = RowStretches.stretch(tensor, from: 0, count: count &- straight)
  }

  /// One stretch.
  init(_ stretch: Stretch) {
    lower = stretch
    upper = Stretch(first: stretch.first, end: stretch.first)
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

import CShim
import Testing

/// A small seeded generator (SplitMix64): the same problems on every machine.
struct Random {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(truncatingIfNeeded: next() >> 33) % (range.upperBound - range.lowerBound + 1)
  }

  mutating func oneIn(_ count: Int) -> Bool { integer(1...count) == 1 }

  mutating func choice(_ values: [Int]) -> Int { values[integer(0...values.count - 1)] }

  mutating func real(_ range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * Float(next() >> 40) / Float(1 << 24)
  }
}

/// Random bytes that buffers are filled from, so that filling is a copy even in debug builds.
enum RandomBytes {
  static let count = 1 << 20
  /// Written once, then only read.
  nonisolated(unsafe) static let bytes: UnsafeMutableRawPointer = {
    var random = Random(seed: 7)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
    for word in 0..<count / 8 { memory.storeBytes(of: random.next(), toByteOffset: word * 8, as: UInt64.self) }
    return memory
  }()
}

/// Memory between guard bytes. The `slack` bytes after it may be read, but not written: 64 for activations and scratch,
/// none for constants. An address sanitizer sees what is read beyond.
final class Memory {
  static let guardBytes = 64
  let count: Int
  let slack: Int
  private let whole: UnsafeMutableRawPointer
  private let pattern: UInt8 = 0xA5

  /// Zeros.
  init(count: Int, slack: Int = Memory.guardBytes) {
    self.count = count
    self.slack = slack
    whole = .allocate(byteCount: Memory.guardBytes + count + slack, alignment: 64)
    whole.initializeMemory(as: UInt8.self, repeating: pattern, count: Memory.guardBytes + count + slack)
    start.initializeMemory(as: UInt8.self, repeating: 0, count: count)
  }

  /// Random bytes.
  convenience init(count: Int, random: inout Random) {
    self.init(count: count)
    var filled = 0
    while filled < count {
      let piece = min(count - filled, RandomBytes.count / 2)
      let offset = random.integer(0...RandomBytes.count / 2)
      (start + filled).copyMemory(from: RandomBytes.bytes + offset, byteCount: piece)
      filled += piece
    }
  }

  /// The same bytes elsewhere.
  convenience init(copying other: Memory) {
    self.init(count: other.count)
    start.copyMemory(from: other.start, byteCount: count)
  }

  deinit { whole.deallocate() }

  var start: UnsafeMutableRawPointer { whole + Memory.guardBytes }
  var bytes: UnsafeMutablePointer<UInt8> { start.assumingMemoryBound(to: UInt8.self) }

  /// True when no guard byte was written.
  var isIntact: Bool {
    let before = UnsafeRawBufferPointer(start: whole, count: Memory.guardBytes)
    let after = UnsafeRawBufferPointer(start: start + count, count: slack)
    return before.allSatisfy { $0 == pattern } && after.allSatisfy { $0 == pattern }
  }

  /// The first byte that differs, or nil.
  func firstDifference(from other: Memory) -> Int? {
    let mine = UnsafeRawBufferPointer(start: start, count: count)
    let theirs = UnsafeRawBufferPointer(start: other.start, count: count)
    if mine.elementsEqual(theirs) { return nil }
    return (0..<count).first { mine[$0] != theirs[$0] }
  }
}

/// An activation tensor's shape and how its rows lie.
struct Layout {
  var height: Int
  var width: Int
  var channels: Int
  var pixelPitch: Int
  var rowPitch: Int
  var rowsHeld: Int

  /// Rows and pixels end to end.
  init(_ height: Int, _ width: Int, _ channels: Int) {
    (self.height, self.width, self.channels) = (height, width, channels)
    pixelPitch = channels
    rowPitch = width * channels
    rowsHeld = height
  }

  /// Sometimes gaps after pixels, gaps after rows, or a ring of at least `leastRows` rows.
  mutating func loosen(_ random: inout Random, leastRows: Int) {
    if random.oneIn(6) { pixelPitch += random.integer(1...20) }
    rowPitch = width * pixelPitch
    if random.oneIn(6) { rowPitch += random.integer(1...70) }
    if random.oneIn(5) { rowsHeld = min(height, leastRows + random.integer(0...2)) }
  }

  var byteCount: Int { (rowsHeld - 1) * rowPitch + (width - 1) * pixelPitch + channels }

  func rows(in memory: Memory) -> martlet_rows {
    martlet_rows(
      base: memory.bytes, row_pitch_bytes: rowPitch, pixel_pitch_bytes: pixelPitch, rows_held: Int32(rowsHeld),
      height: Int32(height), width: Int32(width), channels: Int32(channels))
  }

  func offset(_ row: Int, _ column: Int, _ channel: Int) -> Int {
    row % rowsHeld * rowPitch + column * pixelPitch + channel
  }
}

/// The tables that run here, scalar excluded. Constant.
nonisolated(unsafe) let fastFamilies = (1..<MARTLET_FAMILY_COUNT.rawValue).compactMap {
  martlet_kernels_for(martlet_family(rawValue: $0))
}

nonisolated(unsafe) let scalar: UnsafePointer<martlet_kernels> = martlet_kernels_for(MARTLET_FAMILY_SCALAR)

func name(_ kernels: UnsafePointer<martlet_kernels>) -> String {
  String(cString: martlet_family_name(kernels.pointee.family))
}

/// The rule by its definition.
func store(_ value: Float, _ rule: martlet_output) -> UInt8 {
  let rounded = Int(min(max(value, -1e9), 1e9).rounded(.toNearestOrEven)) + Int(rule.zero_point)
  return UInt8(min(max(rounded, Int(rule.low)), Int(rule.high)))
}

func randomOutput(_ random: inout Random) -> martlet_output {
  if random.oneIn(2) { return martlet_output(zero_point: 0, low: 0, high: 255) }
  let low = random.integer(0...200)
  return martlet_output(
    zero_point: Int32(random.integer(0...255)), low: Int32(random.oneIn(2) ? 0 : low),
    high: Int32(random.oneIn(2) ? 255 : random.integer(low...255)))
}

/// Runs `body` for every fast family, handing it fresh memories, and compares with scalar.
func compareFamilies(
  _ description: @autoclosure () -> String, output: Memory, scratchBytes: Int,
  _ body: (UnsafePointer<martlet_kernels>, _ output: Memory, _ scratch: Memory) -> Void
) {
  func run(_ kernels: UnsafePointer<martlet_kernels>) -> Memory {
    let result = Memory(copying: output)
    let scratch = Memory(count: scratchBytes)
    body(kernels, result, scratch)
    if !result.isIntact || !scratch.isIntact {
      Issue.record("\(name(kernels)) wrote outside: \(description())")
    }
    return result
  }
  let expected = run(scalar)
  for kernels in fastFamilies {
    if let place = run(kernels).firstDifference(from: expected) {
      Issue.record("\(name(kernels)) differs from scalar at byte \(place): \(description())")
    }
  }
}

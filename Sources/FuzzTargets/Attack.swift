import Martlet

/// A packed model changed in every way of a list, one change at a time, with checksums made right: each is refused, or it
/// runs in memory of exactly its size. Where neither holds, the address sanitizer ends the process.
public struct Attack {
  /// How many changes were refused, and how many ran (or would take too long to run).
  public struct Count: Sendable {
    /// Refused by the Verifier.
    public var refused = 0
    /// Accepted.
    public var accepted = 0

    /// None yet.
    public init() {}

    mutating func add(_ outcome: FuzzTarget.Outcome) {
      if outcome == .accepted { accepted += 1 } else { refused += 1 }
    }
  }

  private let file: [UInt8]

  /// An attack on this packed model.
  public init(on file: [UInt8]) { self.file = file }

  /// Each byte set to 0, 1, 127, 128, 255, one more and one less.
  public func bytes() -> Count {
    var count = Count()
    for index in file.indices {
      let byte = file[index]
      for value in Set([0, 1, 127, 128, 255, byte &+ 1, byte &- 1]) where value != byte {
        var changed = file
        changed[index] = value
        count.add(fuzzModel(changed))
      }
    }
    return count
  }

  /// Each word of the header and of every record set to the edges of what numbers, sizes and factors can be.
  public func fields() -> Count {
    var count = Count()
    for place in recordWords() {
      let word = Int(word(at: place))
      let near = [word + 1, word - 1, word + 64, word - 64, word * 2, word / 2, word ^ 0x8000_0000]
      for value in Set(Self.edges + near.map { UInt32(truncatingIfNeeded: $0) }) where Int(value) != word {
        var changed = file
        for byte in 0..<4 { changed[place + byte] = UInt8(truncatingIfNeeded: value >> UInt32(8 * byte)) }
        count.add(fuzzModel(changed))
      }
    }
    return count
  }

  /// The file cut off at each length.
  public func truncations() -> Count {
    var count = Count()
    for length in file.indices { count.add(fuzzModel(Array(file[..<length]))) }
    return count
  }

  private static let edges: [UInt32] = [
    0, 1, 2, 3, 7, 63, 64, 255, 256, 0xFFFF, 0x10_0000, 0x3FFF_FFFF, 0x4000_0000, 0x7F7F_FFFF, 0x7F80_0000, 0x7FC0_0000,
    0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0xFF80_0000, 0xFFFF_FF80, 0xFFFF_FFC0, 0xFFFF_FFFF,
  ]

  private func word(at place: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(file[place + $1]) << UInt32(8 * $1) }
  }

  /// Offsets of the words of the header after magic and version, and of the records.
  private func recordWords() -> [Int] {
    guard file.count >= Header.byteCount else { return [] }
    let header = file.withUnsafeBytes { $0.loadUnaligned(as: Header.self) }
    var places = Array(stride(from: 32, to: Header.byteCount, by: 4))
    for section in [Section.tensors, .operators, .operands, .schedule, .preprocessing, .selfTest] {
      let extent = header[section]
      guard Int(extent.offset) + Int(extent.bytes) <= file.count else { continue }
      places += stride(from: Int(extent.offset), to: Int(extent.offset) + Int(extent.bytes) - 3, by: 4)
    }
    return places
  }
}

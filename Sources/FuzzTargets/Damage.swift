import Graph

/// One way of damaging a file.
public enum Damage: CaseIterable, Sendable {
  /// The end is missing.
  case truncated
  /// Some bytes have other values.
  case bytes
  /// Some bits are turned.
  case bits
  /// A word of four or eight bytes is a number at the edge of what integers, lengths and offsets can be.
  case extremeNumber
  /// A stretch is missing.
  case removed
  /// A stretch is there twice.
  case repeated

  /// Words at the edges.
  private static let extremes: [UInt64] = [
    0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000,
    0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xffff_ffff_ffff_ffff,
  ]

  /// The file after this damage. Two thirds of the places are where the file has structure, if it has any.
  public func applied(to file: FuzzedFile, using random: inout SplitMix64) -> [UInt8] {
    var bytes = file.bytes
    guard !bytes.isEmpty else { return bytes }
    switch self {
    case .truncated: bytes.removeSubrange(file.place(using: &random)...)
    case .bytes:
      for _ in 0..<random.below(8) + 1 {
        bytes[file.place(using: &random)] = UInt8(random.below(256))
      }
    case .bits:
      for _ in 0..<random.below(4) + 1 {
        bytes[file.place(using: &random)] ^= 1 << UInt8(random.below(8))
      }
    case .extremeNumber:
      let number = Self.extremes[random.below(Self.extremes.count)]
      let size = random.below(2) == 0 ? 4 : 8
      let start = file.place(using: &random) & ~(random.below(2) * 3)
      for offset in 0..<size where start + offset < bytes.count {
        bytes[start + offset] = UInt8(truncatingIfNeeded: number >> UInt64(8 * offset))
      }
    case .removed:
      let start = file.place(using: &random)
      bytes.removeSubrange(start..<min(bytes.count, start + random.below(64) + 1))
    case .repeated:
      let start = file.place(using: &random)
      let stretch = bytes[start..<min(bytes.count, start + random.below(64) + 1)]
      bytes.insert(contentsOf: Array(stretch), at: start)
    }
    return bytes
  }
}

/// A sound file, and where it has structure rather than weights.
public struct FuzzedFile: Sendable {
  /// The sound file's bytes.
  public let bytes: [UInt8]
  /// Starts of the stretches of 32 bytes that are mostly zeros or text, as tables, lengths and names are.
  private let structure: [Int]

  /// A sound file.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    structure = stride(from: 0, to: bytes.count, by: 32).filter { start in
      let stretch = bytes[start..<min(bytes.count, start + 32)]
      let zeros = stretch.count { $0 == 0 }
      let letters = stretch.count { (0x20..<0x7f).contains($0) }
      return 4 * zeros >= stretch.count || 4 * letters >= 3 * stretch.count
    }
  }

  /// A random place; two of three in a stretch of structure.
  func place(using random: inout SplitMix64) -> Int {
    guard !structure.isEmpty, random.below(3) > 0 else { return random.below(bytes.count) }
    return min(bytes.count - 1, structure[random.below(structure.count)] + random.below(32))
  }
}

extension SplitMix64 {
  /// The random numbers of one case, which its seed and its number alone decide, so that any case can be made again
  /// without those before it.
  public init(seed: UInt64, caseNumber: Int) {
    self.init(
      seed: (seed &* 0xd134_2543_de82_ef95) ^ (UInt64(truncatingIfNeeded: caseNumber) &* 0x2545_f491_4f6c_dd1d))
  }
}

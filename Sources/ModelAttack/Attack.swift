import Martlet

/// A packed model changed in every way of a list, one change at a time, with checksums made right: each is refused, or it
/// runs in memory of exactly its size. Where neither holds, the address sanitizer ends the process.
public struct Attack {
  /// How the variants of a model ended.
  public struct Count: Sendable {
    /// Places (bytes, words or lengths) that were changed.
    public var places = 0
    /// Refused by the Verifier.
    public var refused = 0
    /// Accepted, and run.
    public var ran = 0
    /// Accepted, and too long to run (`Trial`).
    public var notRun = 0

    /// None yet.
    public init() {}

    /// All variants.
    public var variants: Int { refused + ran + notRun }

    /// Adds another's numbers.
    public mutating func add(_ other: Count) {
      places += other.places
      refused += other.refused
      ran += other.ran
      notRun += other.notRun
    }

    mutating func add(_ outcome: Trial.Outcome) {
      switch outcome {
      case .refused: refused += 1
      case .ran: ran += 1
      case .notRun: notRun += 1
      }
    }
  }

  private let file: [UInt8]
  private let trial: Trial
  private let mostPlaces: Int

  /// An attack on this packed model. Of the bytes behind the records (weights, channels, tables, text) and of the lengths at
  /// least `mostPlaces` are changed, evenly spaced; all, if there are no more. Header and records are always changed whole.
  public init(on file: [UInt8], trial: Trial = Trial(), mostPlaces: Int = .max) {
    self.file = file
    self.trial = trial
    self.mostPlaces = max(1, mostPlaces)
  }

  /// Bytes of the file.
  public var fileBytes: Int { file.count }

  /// Each byte set to 0, 1, 127, 128, 255, one more and one less.
  public func bytes() -> Count {
    let records = recordExtents()
    let others = file.indices.filter { index in !records.contains { $0.contains(index) } }
    return counted(records.flatMap { Array($0) } + spaced(others)) { index, count in
      let byte = file[index]
      for value in Set([0, 1, 127, 128, 255, byte &+ 1, byte &- 1]) where value != byte {
        count.add(tried { $0[index] = value })
      }
    }
  }

  /// Each word of the header and of every record set to the edges of what numbers, sizes and factors can be.
  public func fields() -> Count {
    let words = recordExtents().flatMap { stride(from: max(32, $0.lowerBound), to: $0.upperBound - 3, by: 4) }
    return counted(words) { place, count in
      let word = file.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) }
      let near = [word &+ 1, word &- 1, word &+ 64, word &- 64, word &* 2, word / 2, word ^ 0x8000_0000]
      for value in Set(Self.edges + near) where value != word {
        count.add(tried { $0.storeBytes(of: value, toByteOffset: place, as: UInt32.self) })
      }
    }
  }

  /// The file cut off at each length.
  public func truncations() -> Count {
    counted(spaced(Array(file.indices))) { length, count in
      count.add(file.withUnsafeBytes { trial.run(UnsafeRawBufferPointer(rebasing: $0[..<length])) })
    }
  }

  private static let edges: [UInt32] = [
    0, 1, 2, 3, 7, 63, 64, 255, 256, 0xFFFF, 0x10_0000, 0x3FFF_FFFF, 0x4000_0000, 0x7F7F_FFFF, 0x7F80_0000, 0x7FC0_0000,
    0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0xFF80_0000, 0xFFFF_FF80, 0xFFFF_FFC0, 0xFFFF_FFFF,
  ]

  private func counted(_ places: [Int], _ body: (Int, inout Count) -> Void) -> Count {
    var count = Count()
    count.places = places.count
    for place in places { body(place, &count) }
    return count
  }

  /// The trial of the file after one change.
  private func tried(_ change: (UnsafeMutableRawBufferPointer) -> Void) -> Trial.Outcome {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: file.count, alignment: 64)
    defer { memory.deallocate() }
    memory.copyBytes(from: file)
    change(memory)
    return trial.run(sealing: memory)
  }

  private func spaced(_ places: [Int]) -> [Int] {
    let step = max(1, places.count / mostPlaces)
    return stride(from: 0, to: places.count, by: step).map { places[$0] }
  }

  /// Where the header and the records lie.
  private func recordExtents() -> [Range<Int>] {
    guard file.count >= Header.byteCount else { return [] }
    let header = file.withUnsafeBytes { $0.loadUnaligned(as: Header.self) }
    var extents = [0..<Header.byteCount]
    for section in [Section.tensors, .operators, .operands, .schedule, .preprocessing, .selfTest] {
      let extent = header[section]
      let start = Int(extent.offset)
      guard extent.bytes > 0, start + Int(extent.bytes) <= file.count else { continue }
      extents.append(start..<start + Int(extent.bytes))
    }
    return extents
  }
}

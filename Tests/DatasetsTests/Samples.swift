import Archives
import Foundation

@testable import Datasets

/// The folder of shared real data, or nil where this machine has none.
let sharedData: String? = {
  let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let path =
    ProcessInfo.processInfo.environment["MARTLET_TEST_DATA"]
    ?? packageRoot.appendingPathComponent("../shared/data").standardizedFileURL.path
  return Folder.isFolder(path) ? path : nil
}()

/// Sebastiano Vigna's SplitMix64, so that every run of a test sees the same numbers.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// A folder that is removed with its contents when the test ends.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    let url = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }
}

func littleEndian(_ value: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

func bigEndian(_ value: Int, _ count: Int) -> [UInt8] { littleEndian(value, count).reversed() }

/// Small picture files, byte by byte.
enum Sample {
  /// 2×2: red, green; blue, white.
  static let colors: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]

  static let ppm = Array("P6\n# a comment\n2 2\n255\n".utf8) + colors

  static func bmp(
    bits: Int, height: Int, palette: [UInt8] = [], rows: [UInt8], compression: Int = 0, masks: [UInt8] = []
  )
    -> [UInt8]
  {
    let dataOffset = 54 + masks.count + palette.count
    return Array("BM".utf8) + littleEndian(dataOffset + rows.count, 4) + littleEndian(0, 4)
      + littleEndian(dataOffset, 4) + littleEndian(40, 4) + littleEndian(2, 4) + littleEndian(height, 4)
      + littleEndian(1, 2) + littleEndian(bits, 2) + littleEndian(compression, 4) + littleEndian(rows.count, 4)
      + littleEndian(0, 8) + littleEndian(palette.count / 4, 4) + littleEndian(0, 4) + masks + palette + rows
  }

  /// Rows of blue, green, red, from the bottom, padded to four bytes.
  static let bmp24 = bmp(
    bits: 24, height: 2, rows: [255, 0, 0, 255, 255, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0])

  static func gray(_ value: UInt8, side: Int = 2) -> [UInt8] {
    Array("P5 \(side) \(side) 255\n".utf8) + [UInt8](repeating: value, count: side * side)
  }
}

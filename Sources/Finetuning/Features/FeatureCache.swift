import CShim
import Foundation
import Martlet

/// What a network's input is known by: 128 bits of its bytes.
public struct InputKey: Hashable, Sendable, BitwiseCopyable {
  var first: UInt64 = 0xCBF2_9CE4_8422_2325
  var second: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The key of an input.
  /// - Parameter input: the values, as the network takes them.
  public init(_ input: NetworkInput) {
    switch input {
    case .pixels(let pixels): pixels.withUnsafeBytes { mix($0) }
    case .reals(let values): values.withUnsafeBytes { mix($0) }
    }
  }

  /// FNV-1a of 64-bit words, and a multiplicative hash with another constant.
  private mutating func mix(_ bytes: UnsafeRawBufferPointer) {
    var offset = 0
    while offset < bytes.count {
      var word: UInt64 = 0
      withUnsafeMutableBytes(of: &word) { $0.copyBytes(from: bytes[offset..<min(offset + 8, bytes.count)]) }
      first = (first ^ word) &* 0x0000_0100_0000_01B3
      first ^= first >> 29
      second = (second &+ word) &* 0xBF58_476D_1CE4_E5B9
      second ^= second >> 32
      offset += 8
    }
    second ^= UInt64(bytes.count)
  }
}

/// Features on disk, so that an interrupted run goes on where it stopped: a header that names the network and the layer, then
/// one record an input. A damaged or foreign file is begun anew; the last record may be incomplete.
///
/// Header: the bytes `MARTFEAT`, u64 file bytes, u32 body checksum and u32 header checksum of the network, u32 tensor, u32
/// features, float scale, i32 zero point. Record: the key's 16 bytes, the features, u32 CRC-32 of both.
public final class FeatureCache {
  private let handle: FileHandle
  private let path: String
  private let featureCount: Int
  /// What the file had when it was opened.
  public let known: [InputKey: [Int8]]
  /// Quantization of the features: of the file where it fits, else what was given.
  public let scale: Float
  /// Likewise.
  public let zeroPoint: Int32

  /// Which features a cache holds.
  public struct Subject: Sendable {
    /// The network.
    public var backbone: BackboneIdentity
    /// The tensor.
    public var tensor: Int
    /// Values of an example.
    public var featureCount: Int

    /// Features of a network's tensor.
    public init(backbone: BackboneIdentity, tensor: Int, featureCount: Int) {
      (self.backbone, self.tensor, self.featureCount) = (backbone, tensor, featureCount)
    }

    fileprivate var bytes: [UInt8] {
      Array("MARTFEAT".utf8) + littleEndian(backbone.fileBytes) + littleEndian(backbone.bodyChecksum)
        + littleEndian(backbone.headerChecksum) + littleEndian(UInt32(tensor)) + littleEndian(UInt32(featureCount))
    }
  }

  /// Opens the file at `path`, or begins it.
  /// - Parameters:
  ///   - path: the file; its folder must be there.
  ///   - subject: which network, tensor and rules the features belong to.
  ///   - quantization: how features are quantized, when the file does not say so.
  /// - Throws: `FinetuneError` when it can be neither read nor written.
  public init(
    _ path: String, _ subject: Subject, quantization: () throws -> (scale: Float, zeroPoint: Int32)
  ) throws {
    self.path = path
    featureCount = subject.featureCount
    let head = subject.bytes
    let recordBytes = 16 + featureCount + 4
    let content = FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
    var known: [InputKey: [Int8]] = [:]
    var end = 0
    if content.count >= head.count + 8, content.starts(with: head), let rule = Self.rule(content, at: head.count) {
      (scale, zeroPoint) = rule
      end = head.count + 8
      while end + recordBytes <= content.count, let record = Self.record(content[end..<end + recordBytes]) {
        known[record.key] = record.features
        end += recordBytes
      }
    } else {
      (scale, zeroPoint) = try quantization()
    }
    self.known = known
    guard end > 0 || FileManager.default.createFile(atPath: path, contents: nil),
      let handle = FileHandle(forUpdatingAtPath: path)
    else { throw FinetuneError("\(path) cannot be written: choose another place with -o or --cache") }
    self.handle = handle
    do {
      if end == 0 {
        let rule = littleEndian(scale.bitPattern) + littleEndian(UInt32(bitPattern: zeroPoint))
        try handle.write(contentsOf: Data(head + rule))
      } else {
        try handle.truncate(atOffset: UInt64(end))
        try handle.seekToEnd()
      }
    } catch {
      throw FinetuneError("\(path) cannot be written: \(error.localizedDescription)")
    }
  }

  /// Adds an input's features.
  /// - Throws: `FinetuneError` when the disk is full or the like.
  public func append(_ key: InputKey, _ features: [Int8]) throws {
    precondition(features.count == featureCount)
    let body = littleEndian(key.first) + littleEndian(key.second) + features.map { UInt8(bitPattern: $0) }
    do {
      try handle.write(contentsOf: Data(body + littleEndian(crc32(body[...]))))
    } catch {
      throw FinetuneError("\(path) cannot be written: \(error.localizedDescription)")
    }
  }

  private static func rule(_ content: [UInt8], at offset: Int) -> (Float, Int32)? {
    let (scale, zeroPoint) = content.withUnsafeBytes {
      (
        Float(bitPattern: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian),
        $0.loadUnaligned(fromByteOffset: offset + 4, as: Int32.self).littleEndian
      )
    }
    return scale.isFinite && scale > 0 && (-128...127).contains(zeroPoint) ? (scale, zeroPoint) : nil
  }

  private static func record(_ bytes: ArraySlice<UInt8>) -> (key: InputKey, features: [Int8])? {
    bytes.withUnsafeBytes { raw in
      let body = raw.count - 4
      guard raw.loadUnaligned(fromByteOffset: body, as: UInt32.self).littleEndian == crc32(bytes.dropLast(4)) else {
        return nil
      }
      return (
        raw.loadUnaligned(as: InputKey.self), raw[16..<body].map { Int8(bitPattern: $0) }
      )
    }
  }
}

private func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

/// CRC-32 as zlib's.
private func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  bytes.withUnsafeBufferPointer { martlet_crc32(0, $0.baseAddress, $0.count) }
}

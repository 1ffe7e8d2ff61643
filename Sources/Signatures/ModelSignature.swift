import CSignature
import Martlet

/// The Ed25519ph signature (RFC 8032, section 5.1) that a packed model may carry.
///
/// What is signed is the whole file with its two checksums and the 64 bytes of the signature zero. The section
/// `signature` holds the signer's public key, 32 bytes, and the signature.
///
/// A runtime that wants signed models alone checks the signature first and then verifies the model: a signature tells who
/// wrote a file, not that it is sound.
public enum ModelSignature {
  /// Bytes of a public key.
  public static var keyBytes: Int { 32 }
  /// Bytes of the section: key and signature.
  public static var sectionBytes: Int { 96 }

  /// Checks that `model` is signed with `key`. Allocates nothing; takes one pass over the bytes.
  /// - Parameters:
  ///   - model: a packed model, aligned or not, verified or not.
  ///   - key: the 32 bytes of the public key that is trusted.
  public static func check(_ model: UnsafeRawBufferPointer, key: Span<UInt8>) -> Finding {
    guard key.count == keyBytes, let base = model.baseAddress, let header = header(of: model) else { return .notAModel }
    let extent = header.sections[Section.signature.rawValue]
    guard extent.bytes != 0 else { return .unsigned }
    let (count, offset) = (Int(truncatingIfNeeded: header.fileBytes), Int(truncatingIfNeeded: extent.offset))
    guard extent.bytes == UInt32(truncatingIfNeeded: sectionBytes), offset >= Header.byteCount,
      offset <= count - sectionBytes
    else { return .notAModel }
    for index in 0..<keyBytes where model[offset + index] != key[index] { return .anotherKey }

    var hash = martlet_sha512()
    martlet_sha512_begin(&hash)
    var zeroed = header
    zeroed.bodyChecksum = 0
    zeroed.headerChecksum = 0
    martlet_sha512_add(&hash, &zeroed, Header.byteCount)
    let signature = offset + keyBytes
    let end = offset + sectionBytes
    martlet_sha512_add(&hash, base + Header.byteCount, signature - Header.byteCount)
    var zeros = InlineArray<64, UInt8>(repeating: 0)
    martlet_sha512_add(&hash, &zeros, 64)
    martlet_sha512_add(&hash, base + end, count - end)
    var digest = InlineArray<64, UInt8>(repeating: 0)
    let isRight = withUnsafeMutableBytes(of: &digest) { digest in
      let bytes = digest.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
      martlet_sha512_end(&hash, bytes)
      let places = base.assumingMemoryBound(to: UInt8.self)
      return martlet_ed25519_verify(places + offset, places + signature, bytes) == 1
    }
    return isRight ? .right : .wrong
  }

  /// What a check found.
  public enum Finding: UInt8, Sendable {
    /// Signed by the owner of the key, and unchanged since.
    case right
    /// The bytes are no packed model, or the signature's section is malformed.
    case notAModel
    /// Without a signature.
    case unsigned
    /// Signed with another key.
    case anotherKey
    /// Changed after it was signed.
    case wrong
  }

  private static func header(of model: UnsafeRawBufferPointer) -> Header? {
    guard model.count >= Header.byteCount else { return nil }
    let header = model.loadUnaligned(as: Header.self)
    guard header.magic == Header.magic, header.formatVersion == Header.version,
      header.fileBytes >= UInt64(truncatingIfNeeded: Header.byteCount),
      header.fileBytes <= UInt64(truncatingIfNeeded: model.count)
    else { return nil }
    return header
  }
}

import Compiler
import Foundation
import Signatures

/// Keys of signatures in files of one line: `martlet ed25519 public 0123…`.
enum KeyFile {
  enum Kind: String {
    case `public`
    case secret

    var byteCount: Int { self == .public ? 32 : 64 }
  }

  /// Writes a key; a secret one so that its owner alone can read it.
  static func write(_ key: [UInt8], kind: Kind, to path: String) throws {
    let line = "martlet ed25519 \(kind.rawValue) \(hexadecimal(key))\n"
    try AtomicFile.write(Array(line.utf8), to: path, mode: kind == .secret ? 0o600 : 0o644)
  }

  /// The key pair of a secret key's file.
  static func secret(at path: String) throws -> KeyPair {
    guard let pair = KeyPair(secretKey: try key(at: path, kind: .secret)) else { throw refusal(path, .secret) }
    return pair
  }

  /// The 32 bytes of a public key's file.
  static func `public`(at path: String) throws -> [UInt8] { try key(at: path, kind: .public) }

  /// Two digits a byte.
  static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func key(at path: String, kind: Kind) throws -> [UInt8] {
    let file = try MappedFile(path)
    guard file.bytes.count < 1024 else { throw refusal(path, kind) }
    let words = String(decoding: file.copy(), as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 4, words[..<3] == ["martlet", "ed25519", Substring(kind.rawValue)] else {
      throw refusal(path, kind)
    }
    let digits = words[3].compactMap(\.hexDigitValue)
    guard digits.count == words[3].count, digits.count == 2 * kind.byteCount else { throw refusal(path, kind) }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }

  private static func refusal(_ path: String, _ kind: Kind) -> ToolError {
    ToolError("\(path) is not a \(kind.rawValue) key of `martlet sign --new-key`.")
  }
}

/// Throws a sentence unless the packed model at `path` is signed with the public key in the file `key`.
func checkSignature(of path: String, key: String) throws {
  let trusted = try KeyFile.public(at: key)
  switch try MappedFile(path).withBytes({ ModelSignature.check($0, key: trusted.span) }) {
  case .right: return
  case .notAModel: throw ToolError("\(path) is not a packed model, or its signature is malformed.")
  case .unsigned: throw ToolError("\(path) is not signed: `martlet sign` does that.")
  case .anotherKey: throw ToolError("\(path) is signed with another key than \(key).")
  case .wrong: throw ToolError("\(path) was changed after it was signed: get it again from whoever signed it.")
  }
}

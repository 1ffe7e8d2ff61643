import CHost
import Martlet

import struct Graph.GraphError

/// An Ed25519 key pair.
public struct KeyPair: Sendable {
  /// 32 bytes, for whoever checks.
  public let publicKey: [UInt8]
  /// 64 bytes, for the signer alone; its last 32 are the public key.
  public let secretKey: [UInt8]

  /// The pair of a secret key of 64 bytes.
  public init?(secretKey: [UInt8]) {
    guard secretKey.count == 64 else { return nil }
    self.secretKey = secretKey
    publicKey = Array(secretKey[32...])
  }

  /// A new pair from the system's random numbers.
  /// - Throws: `GraphError` when libsodium is not installed.
  public static func random() throws(GraphError) -> KeyPair {
    var (publicKey, secretKey) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 64))
    try check(martlet_host_new_key_pair(&publicKey, &secretKey))
    return KeyPair(secretKey: secretKey)!
  }
}

/// The packed model `file` with a signature by `key`, which replaces one that is there. The same arguments give the same bytes.
/// - Throws: `GraphError` when the model is refused or libsodium is not installed.
public func sign(_ file: [UInt8], with key: KeyPair) throws(GraphError) -> [UInt8] {
  var (header, sections) = try sectionsOfModel(file)
  sections[.signature] = key.publicKey + [UInt8](repeating: 0, count: 64)
  let message = messageToSign(try assemble(&header, sections))
  var signature = [UInt8](repeating: 0, count: 64)
  try check(martlet_host_sign(message, message.count, key.secretKey, &signature))
  sections[.signature] = key.publicKey + signature
  return try assemble(&header, sections)
}

/// The bytes that a signature covers: the file with its two checksums, at 24 to 31, and the signature zero.
public func messageToSign(_ file: [UInt8]) -> [UInt8] {
  var message = file
  let extent = file.withUnsafeBytes { $0.loadUnaligned(as: Header.self) }[.signature]
  for index in 24..<32 { message[index] = 0 }
  for index in Int(extent.offset) + 32..<Int(extent.offset) + 96 { message[index] = 0 }
  return message
}

private func check(_ code: Int32) throws(GraphError) {
  switch Int(code) {
  case MARTLET_SODIUM_OK: return
  case MARTLET_SODIUM_NO_LIBRARY:
    throw GraphError("signing needs libsodium, which is not installed; `apt-get install libsodium23` brings it")
  default: throw GraphError("libsodium refused the key; make a new one with `martlet sign --new-key NAME`")
  }
}

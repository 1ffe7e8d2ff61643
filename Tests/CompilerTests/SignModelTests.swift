import CHost
import CSignature
import Graph
import Martlet
import Signatures
import Testing

@testable import Compiler

/// Signing with libsodium, checked with the runtime's own code.
@Suite(.enabled(if: (try? KeyPair.random()) != nil, "libsodium is not installed")) struct SignModelTests {
  private func model() throws -> [UInt8] {
    var network = TestNetwork(3)
    network.graph.outputs = [try network.conv(network.input([1, 4, 5, 3]), to: 6)]
    return try compile(network.graph, calibration: network.examples(2)).bytes
  }

  private func finding(_ file: [UInt8], _ key: [UInt8]) -> ModelSignature.Finding {
    file.withUnsafeBytes { ModelSignature.check($0, key: key.span) }
  }

  @Test func aSignedModelRunsAsBeforeAndIsRecognized() throws {
    let (plain, key, other) = (try model(), try KeyPair.random(), try KeyPair.random())
    let signed = try sign(plain, with: key)
    #expect(finding(plain, key.publicKey) == .unsigned)
    #expect(finding(signed, key.publicKey) == .right)
    #expect(finding(signed, other.publicKey) == .anotherKey)
    #expect(try sign(signed, with: key) == signed, "the same key gives the same bytes")
    let input = Tensor(shape: [1, 4, 5, 3], values: (0..<60).map { Float($0 % 7) - 3 })
    #expect(try ModelRunner(plain).run([input])[0].values == ModelRunner(signed).run([input])[0].values)
    #expect(throws: GraphError.self) { _ = try addSelfTest(to: signed) }
    let tested = try addSelfTest(to: plain)
    #expect(finding(try sign(tested, with: key), key.publicKey) == .right)
  }

  /// Every byte but those of the two checksums, which no signature needs.
  @Test func anyChangedByteIsNoticed() throws {
    let key = try KeyPair.random()
    let signed = try sign(try model(), with: key)
    for index in signed.indices where !(24..<32).contains(index) && (index < 512 || index % 5 == 0) {
      var changed = signed
      changed[index] ^= 1 << UInt8(index % 8)
      #expect(finding(changed, key.publicKey) != .right, "at byte \(index)")
    }
    for count in stride(from: 0, to: signed.count, by: 7) {
      #expect(finding(Array(signed[..<count]), key.publicKey) == .notAModel)
    }
  }

  /// An attacker who replaces the key in the file, too, has signed with another key.
  @Test func aSignatureBySomebodyElseIsNotTrusted() throws {
    let (mine, theirs) = (try KeyPair.random(), try KeyPair.random())
    #expect(finding(try sign(try sign(try model(), with: mine), with: theirs), mine.publicKey) == .anotherKey)
  }

  @Test func bothChecksAgreeOnDamagedSignatures() throws {
    var random = SplitMix64(seed: 4)
    for length in 0..<150 {
      let key = try KeyPair.random()
      let message = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      var signature = [UInt8](repeating: 0, count: 64)
      #expect(martlet_host_sign(message, message.count, key.secretKey, &signature) == MARTLET_SODIUM_OK)
      #expect(isRight(message, key.publicKey, signature) == (true, true))
      var (wrongKey, wrongSignature) = (key.publicKey, signature)
      wrongKey[length % 32] ^= 1 << UInt8(random.below(8))
      wrongSignature[length % 64] ^= 1 << UInt8(random.below(8))
      #expect(isRight(message, wrongKey, signature) == (false, false))
      #expect(isRight(message, key.publicKey, wrongSignature) == (false, false))
      #expect(isRight(message + [0], key.publicKey, signature) == (false, false))
    }
  }

  /// Keys of small order sign everything; scalars above the group's order sign twice.
  @Test func degenerateKeysAndScalarsAreRefused() throws {
    let key = try KeyPair.random()
    var signature = [UInt8](repeating: 0, count: 64)
    #expect(martlet_host_sign([1, 2, 3], 3, key.secretKey, &signature) == MARTLET_SODIUM_OK)
    let order: [UInt8] = [
      0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0, 0, 0, 0, 0, 0,
      0, 0,
      0, 0, 0, 0, 0, 0, 0, 0x10,
    ]
    var carry = 0
    for index in 0..<32 {
      carry += Int(signature[32 + index]) + Int(order[index])
      signature[32 + index] = UInt8(truncatingIfNeeded: carry)
      carry >>= 8
    }
    #expect(isRight([1, 2, 3], key.publicKey, signature) == (false, false))
    let smallOrder: [UInt8] = [1] + [UInt8](repeating: 0, count: 31)
    #expect(isRight([1, 2, 3], smallOrder, smallOrder + [UInt8](repeating: 0, count: 32)) == (false, false))
  }

  /// The runtime's answer, and libsodium's.
  private func isRight(_ message: [UInt8], _ key: [UInt8], _ signature: [UInt8]) -> (Bool, Bool) {
    var hash = martlet_sha512()
    var digest = [UInt8](repeating: 0, count: 64)
    martlet_sha512_begin(&hash)
    martlet_sha512_add(&hash, message, message.count / 3)
    message.withUnsafeBytes {
      martlet_sha512_add(&hash, $0.baseAddress.map { $0 + message.count / 3 }, message.count - message.count / 3)
    }
    martlet_sha512_end(&hash, &digest)
    return (
      martlet_ed25519_verify(key, signature, digest) == 1,
      martlet_host_check_signature(message, message.count, key, signature) == MARTLET_SODIUM_OK
    )
  }
}

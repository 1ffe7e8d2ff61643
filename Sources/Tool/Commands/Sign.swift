import ArgumentParser
import Compiler
import Foundation

/// `martlet sign MODEL.martlet`.
struct Sign: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Signs a packed model (Ed25519), or makes the keys for it.",
    discussion: """
      Whoever has the public key can tell that the file is the one that was signed: martlet verify MODEL --key NAME.public.
      Changing a signed file, adding a self-test too, makes its signature wrong: sign last.

      Examples: martlet sign --new-key release
                martlet sign network.martlet --key release.secret -o network.martlet
      """)

  @Argument(help: "A packed model.", completion: .file(extensions: ["martlet"]))
  var model: String?

  @Option(help: "The secret key's file.", completion: .file())
  var key: String?

  @Option(name: .shortAndLong, help: "Where to write the signed model; it may be the same file.", completion: .file())
  var out: String?

  @Option(help: "Make a new pair of keys: NAME.secret, which stays with you, and NAME.public.")
  var newKey: String?

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    var model: String?
    var publicKey: String
    var written: [String]
  }

  func validate() throws {
    let signs = model != nil && key != nil && out != nil
    guard signs != (newKey != nil), signs || (model == nil && key == nil && out == nil) else {
      throw ValidationError("Give MODEL, --key and -o, or --new-key alone.")
    }
  }

  func run() throws {
    if let newKey { return try makeKeys(newKey) }
    guard let model, let key, let out else { return }
    let pair = try KeyFile.secret(at: key)
    let signed: [UInt8]
    do {
      signed = try sign(MappedFile(model).copy(), with: pair)
    } catch {
      throw ToolError("\(model) cannot be signed: \(error)")
    }
    try AtomicFile.write(signed, to: out)
    let publicKey = KeyFile.hexadecimal(pair.publicKey)
    try output.emit(Result(model: model, publicKey: publicKey, written: [out])) {
      print("written      \(out), signed with the key \(publicKey)")
    }
  }

  private func makeKeys(_ name: String) throws {
    let (secret, shown) = (name + ".secret", name + ".public")
    for path in [secret, shown] where FileManager.default.fileExists(atPath: path) {
      throw ToolError("\(path) exists; a key is never overwritten. Choose another name, or remove it yourself.")
    }
    let pair = try KeyPair.random()
    try KeyFile.write(pair.secretKey, kind: .secret, to: secret)
    try KeyFile.write(pair.publicKey, kind: .public, to: shown)
    try output.emit(Result(publicKey: KeyFile.hexadecimal(pair.publicKey), written: [secret, shown])) {
      print("secret key   \(secret): keep it to yourself; only you may read it")
      print("public key   \(shown): for whoever checks")
    }
  }
}

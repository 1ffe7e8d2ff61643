import ArgumentParser
import Compiler
import Finetuning
import Foundation

/// `martlet merge BACKBONE.martlet --head FILE.martlet-head -o OUT.martlet`.
struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Puts a head patch on the network that it was trained on: one packed model.",
    discussion: "Example: martlet merge mobilenet.martlet --head mine.martlet-head -o mine.martlet")

  @Argument(help: "The packed network.", completion: .file())
  var backbone: String

  @Option(help: "The head patch.", completion: .file())
  var head: String

  @Option(name: .shortAndLong, help: "Where the model goes.", completion: .file())
  var out: String

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let output: String
    let modelBytes: Int
    let labels: [String]
  }

  func run() throws {
    let (bytes, patch) = try HeadFile.merged(backbone, head: head)
    let model = try addSelfTest(to: bytes)
    try AtomicFile.write(model, to: out)
    try output.emit(Result(output: out, modelBytes: model.count, labels: patch.labels)) {
      print("written      \(out), \(model.count.grouped) bytes, classes \(patch.labels.joined(separator: ", "))")
    }
  }
}

extension HeadFile {
  /// The packed model that a head patch and its network make, and the patch.
  /// - Throws: `ToolError` with the file, the reason and a remedy.
  static func merged(_ backbone: String, head: String) throws -> (model: [UInt8], patch: HeadFile) {
    let file = try MappedFile(backbone).copy()
    do {
      let patch = try HeadFile(MappedFile(head).copy())
      return (try patch.merged(into: file), patch)
    } catch let error as FinetuneError {
      throw ToolError("\(head): \(error)")
    }
  }
}

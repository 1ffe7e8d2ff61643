import ArgumentParser
import Martlet

/// `martlet verify MODEL.martlet`.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks everything in a packed model that the runtime relies on.",
    discussion: """
      Examples: martlet verify network.martlet
                martlet verify network.martlet --key release.public
      """)

  @Argument(help: "Packed models.", completion: .file(extensions: ["martlet"]))
  var models: [String]

  @Option(help: "A public key's file: the models must be signed with it (martlet sign).", completion: .file())
  var key: String?

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let model: String
    let ok: Bool
    let problem: String?
  }

  func run() throws {
    let results = models.map { model in
      do {
        if let key { try checkSignature(of: model, key: key) }
        try PackedModel(model).requireWeightSums()
        return Result(model: model, ok: true, problem: nil)
      } catch {
        return Result(model: model, ok: false, problem: "\(error)")
      }
    }
    try output.emit(results) {
      for result in results where result.ok {
        print("\(result.model): sound\(key == nil ? "" : ", signed with \(key ?? "")")")
      }
    }
    for problem in results.compactMap(\.problem) { note(problem) }
    if results.contains(where: { !$0.ok }) { throw ExitCode.failure }
  }
}

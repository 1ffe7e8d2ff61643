import ArgumentParser
import Foundation

/// `martlet deploy DIR MODEL.martlet`.
struct Deploy: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Puts a model into a folder of two slots, whole or not at all, with the way back.",
    discussion: """
      The folder holds slot-a.martlet, slot-b.martlet and a note of which is current. A new model goes where the current one
      is not; an interruption at any moment, even of the power, leaves one whole model current.

      Examples: martlet deploy /srv/models/door door.martlet
                martlet run "$(martlet deploy /srv/models/door --which)" photo.jpg
                martlet deploy /srv/models/door --rollback
      """)

  @Argument(help: "The folder; it is made when it does not exist.")
  var folder: String

  @Argument(help: "The packed model to deploy.", completion: .file(extensions: ["martlet"]))
  var model: String?

  @Flag(help: "Go back to the model before the current one.")
  var rollback = false

  @Flag(help: "Only print the current model's path.")
  var which = false

  @Option(help: "A public key's file: the model must be signed with it.", completion: .file())
  var key: String?

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let path: String
    let generation: Int
  }

  func validate() throws {
    guard [model != nil, rollback, which].count(where: { $0 }) == 1 else {
      throw ValidationError("Give a MODEL, --rollback or --which.")
    }
  }

  func run() throws {
    let store = SlotStore(files: FolderFiles(folder: folder))
    if let model {
      if let key { try checkSignature(of: model, key: key) }
      // Opening it verifies it.
      let bytes = try PackedModel(model).file.copy()
      try makeFolder()
      let note = try store.alone { try $0.deploy(bytes) }
      try emit(note.slot.fileName, note.generation, "deployed")
    } else if rollback {
      let note = try store.alone { try $0.rollBack() }
      try emit(note.slot.fileName, note.generation, "rolled back to")
    } else {
      guard let current = try store.current() else {
        throw ToolError("\(folder) holds no model yet: martlet deploy \(folder) MODEL.martlet")
      }
      if current.isFallback { note("the current slot of \(folder) is damaged; this is the other one") }
      let path = "\(folder)/\(current.slot.fileName)"
      try output.emit(Result(path: path, generation: current.generation)) { print(path) }
    }
  }

  private func emit(_ name: String, _ generation: Int, _ verb: String) throws {
    try output.emit(Result(path: "\(folder)/\(name)", generation: generation)) {
      print("\(verb.padding(to: 12)) \(folder)/\(name), generation \(generation)")
    }
  }

  private func makeFolder() throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ToolError("\(folder) cannot be made: choose a folder that you may write to.")
    }
  }
}

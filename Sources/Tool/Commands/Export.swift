import ArgumentParser
import Compiler
import Foundation
import Martlet

/// `martlet export MODEL.martlet --c-array | --firmware BOARD -o DIR`.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a packed model as C source, or as a complete firmware for a microcontroller.",
    discussion: """
      Both name the network's operators as a Swift type (OperatorSet.swift), so that only those are linked.
      A firmware is a folder of its own: ./build makes firmware.elf with the Swift toolchain alone, ./run runs it in QEMU.
      It verifies the model, runs its self-test (added if the model has none) and prints the answer to the test's input.

      Examples: martlet export network.martlet --c-array -o generated/
                martlet export network.martlet --firmware mps2-an386 -o firmware/
      """)

  @Argument(help: "A packed model.", completion: .file(extensions: ["martlet"]))
  var model: String

  @Flag(name: .customLong("c-array"), help: "Write NAME.c, NAME.h and OperatorSet.swift.")
  var cArray = false

  @Option(help: "Write a firmware for this board: \(Board.all.map(\.name).joined(separator: ", ")).")
  var firmware: String?

  @Option(help: "What the C array's names begin with.")
  var name = "network"

  @Option(help: "The folder of Martlet's sources, for --firmware (default: where this tool was built).")
  var runtime: String?

  @Option(name: .shortAndLong, help: "The folder to write to; it is made if missing.", completion: .directory)
  var out: String

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let model: String
    let folder: String
    let modelBytes: Int
    let arenaBytes: Int
    let operators: [String]
    var board: String?
  }

  func validate() throws {
    guard cArray != (firmware != nil) else { throw ValidationError("Give either --c-array or --firmware BOARD.") }
    guard CArray.isIdentifier(name) else { throw ValidationError("--name must be a C identifier.") }
    guard let firmware else { return }
    guard Board.all.contains(where: { $0.name == firmware }) else {
      throw ValidationError("--firmware knows the boards \(Board.all.map(\.name).joined(separator: ", ")).")
    }
  }

  func run() throws {
    let packed = try PackedModel(model)
    let folder = URL(fileURLWithPath: out)
    let file = URL(fileURLWithPath: model).lastPathComponent
    var modelBytes = packed.file.bytes.count
    if let board = Board.all.first(where: { $0.name == firmware }) {
      let bytes = try tested(packed)
      modelBytes = bytes.count
      let root = runtime.map { URL(fileURLWithPath: $0) } ?? Self.sourceFolder
      try FirmwareFolder(board: board, model: bytes, file: file, runtime: root).write(to: folder)
    } else {
      let (sizes, operators) = try packed.inspect { verified in
        (CArray.sizes(verified, name: name, file: file), OperatorSetSource.text(verified, file: file))
      }
      let definition = packed.file.withBytes { CArray.definition($0, name: name, file: file) }
      for (path, text) in [("\(name).h", sizes), ("\(name).c", definition), ("OperatorSet.swift", operators)] {
        try ExportedFile.write(Array(text.utf8), to: folder.appendingPathComponent(path))
      }
    }
    let kinds = try packed.inspect { verified in
      (0..<verified.operatorCount).map { "\(verified.kind(ofOperator: $0))" }
    }
    let result = Result(
      model: model, folder: out, modelBytes: modelBytes, arenaBytes: packed.arenaBytes,
      operators: Array(Set(kinds)).sorted(), board: firmware)
    try output.emit(result) {
      print("written      \(out): \(modelBytes.grouped) bytes of model, \(packed.arenaBytes.grouped) bytes of arena")
      if firmware != nil { print("build it     cd \(out) && ./build && ./run") }
    }
  }

  /// The model with a self-test, which it may have already.
  private func tested(_ packed: PackedModel) throws -> [UInt8] {
    let bytes = packed.file.copy()
    guard try packed.inspect({ $0.byteCount(of: .selfTest) }) == 0 else { return bytes }
    do {
      return try addSelfTest(to: bytes)
    } catch {
      throw ToolError("\(model): \(error)")
    }
  }

  /// The checkout that this file was compiled in.
  private static var sourceFolder: URL {
    (0..<4).reduce(URL(fileURLWithPath: #filePath)) { folder, _ in folder.deletingLastPathComponent() }
  }
}

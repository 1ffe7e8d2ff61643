import Compiler
import Foundation
import Martlet

/// A complete firmware as a folder: start-up code, linker script, model, main program, runtime, build script.
struct FirmwareFolder {
  let board: Board
  /// The network's file with its self-test.
  let model: [UInt8]
  /// For comments.
  let file: String
  /// Where `Sources/Martlet` and `CShim` are.
  let runtime: URL

  /// Writes the folder.
  /// - Throws: `ToolError` when something does not fit the board or a file cannot be written.
  func write(to folder: URL) throws {
    let aligned = AlignedBytes(copying: model)
    let (header, operators, arenaBytes) = try describe(aligned)
    var files: [(String, [UInt8])] = [
      ("network.martlet", model), ("network.h", Array(header.utf8)), ("OperatorSet.swift", Array(operators.utf8)),
      ("board.sh", Array(settings.utf8)),
      ("memory.ld", Array(try board.memoryMap(modelBytes: model.count, arenaBytes: arenaBytes).utf8)),
    ]
    for (name, template) in Self.templates { files.append((name, template)) }
    for (name, bytes) in files { try ExportedFile.write(bytes, to: folder.appendingPathComponent(name)) }
    for name in ["build", "run"] {
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: folder.appendingPathComponent(name).path)
    }
    try copyRuntime(to: folder.appendingPathComponent("martlet"))
  }

  /// The same for every board and network.
  private static var templates: [(String, [UInt8])] {
    [
      ("Main.swift", PackageResources.Main_swift), ("firmware.h", PackageResources.firmware_h),
      ("startup.c", PackageResources.startup_c), ("support.c", PackageResources.support_c),
      ("memory.c", PackageResources.memory_c), ("network.S", PackageResources.network_S),
      ("link.ld", PackageResources.link_ld), ("build", PackageResources.build_sh), ("run", PackageResources.run_sh),
      ("README.md", PackageResources.README_md),
    ]
  }

  private func describe(_ bytes: AlignedBytes) throws -> (header: String, operators: String, arenaBytes: Int) {
    do throws(Fault) {
      let verified = try Verifier<Every>.verify(UnsafeRawBufferPointer(bytes.buffer))
      return (
        CArray.sizes(verified, name: "network", file: file), OperatorSetSource.text(verified, file: file),
        verified.arenaBytes
      )
    } catch {
      throw ToolError(sentence(error, file: file))
    }
  }

  /// What `build` and `run` need to know of the board.
  private var settings: String {
    """
    # \(board.name): \(board.processor) at \(board.clockHertz / 1_000_000) MHz.
    CLANG_TARGET=\(board.clangTarget)
    CPU_FLAGS=(\(board.processorFlags.joined(separator: " ")))
    SWIFT_TARGET=armv7em-none-none-eabi
    QEMU_MACHINE=\(board.name)
    CLOCK_HERTZ=\(board.clockHertz)

    """
  }

  /// Copies the runtime's Swift sources, the C headers, and the C sources that a microcontroller can use.
  private func copyRuntime(to folder: URL) throws {
    for part in ["Sources/Martlet", "CShim/include"] { try copy(part, to: folder) { _ in true } }
    try copy("CShim", to: folder) { name in
      !name.contains("/") && !["x86_", "neon_", "float_"].contains(where: name.hasPrefix)
    }
    try copy("LICENSE", to: folder) { _ in true }
  }

  private func copy(_ part: String, to folder: URL, where isWanted: (String) -> Bool) throws {
    let source = runtime.appendingPathComponent(part)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: source.path, isDirectory: &isFolder) else {
      throw ToolError(
        "\(runtime.path) has no \(part): give the folder of Martlet's sources with --runtime, so that the firmware can "
          + "be built.")
    }
    let names = isFolder.boolValue ? try FileManager.default.subpathsOfDirectory(atPath: source.path).sorted() : [""]
    for name in names where isWanted(name) {
      let from = name.isEmpty ? source : source.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: from.path, isDirectory: &isFolder), !isFolder.boolValue else {
        continue
      }
      let to = folder.appendingPathComponent(part)
      try ExportedFile.write(
        Array(try Data(contentsOf: from)), to: name.isEmpty ? to : to.appendingPathComponent(name))
    }
  }
}

/// Files of an export.
enum ExportedFile {
  /// Writes a file whole or not at all; makes its folder.
  static func write(_ bytes: [UInt8], to url: URL) throws {
    do {
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    } catch {
      throw ToolError(
        "\(url.deletingLastPathComponent().path) cannot be made a folder: \(error.localizedDescription) Choose another."
      )
    }
    try AtomicFile.write(bytes, to: url.path)
  }
}

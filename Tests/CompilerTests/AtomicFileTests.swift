import Dispatch
import Foundation
import Graph
import Synchronization
import Testing

@testable import Compiler

/// Files are written whole or not at all, and what killed writers left goes.
@Suite struct AtomicFileTests {
  private let folder: URL
  private var path: String { folder.appending(path: "model.martlet").path }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func names() throws -> Set<String> { Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) }

  private func content() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  @Test func replacesWholeFilesOnly() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try AtomicFile.write([1, 2, 3], to: path)
    try AtomicFile.write([4, 5], to: path)
    #expect(try content() == [4, 5])
    let missing = folder.appending(path: "missing/model.martlet").path
    let error = #expect(throws: GraphError.self) { try AtomicFile.write([1], to: missing) }
    #expect(error?.description.contains("create the folder") == true)
    #expect(throws: GraphError.self) { try AtomicFile.write([1], to: folder.path) }
    #expect(try names() == ["model.martlet"])
    #expect(!FileManager.default.fileExists(atPath: folder.path + ".\(getpid()).part"))
  }

  /// Files of any process number go, and nothing that is called otherwise, no folder, and nothing behind a link.
  @Test func removesWhatKilledWritersLeft() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let remains = ["model.martlet.1.part", "model.martlet.\(getpid()).part", "model.martlet.4000000-7.part"]
    let others = [
      "model.martlet.part", "model.martlet..part", "model.martlet.backup.part", "model.martlet.12.part.old",
      "model.martlet.-1.part", "other.martlet.12.part", "kept",
    ]
    for name in remains + others { try Data([9]).write(to: folder.appending(path: name)) }
    let inner = "model.martlet.7.part", link = "model.martlet.8.part"
    try FileManager.default.createDirectory(at: folder.appending(path: inner), withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      at: folder.appending(path: link), withDestinationURL: folder.appending(path: "kept"))
    try AtomicFile.write([1], to: path)
    #expect(try names() == Set(others + [inner, link, "model.martlet"]))
    #expect(try Data(contentsOf: folder.appending(path: "kept")) == Data([9]))
  }

  @Test func leavesWhatLivingWritersWrite() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let living = try PartFile(beside: path, mode: 0o600)
    try AtomicFile.write([1], to: path)
    AtomicFile.removeRemains(of: path)
    #expect(try names().count == 2 && FileManager.default.fileExists(atPath: living.path))
    close(living.descriptor)
    try AtomicFile.write([2], to: path)
    #expect(try names() == ["model.martlet"])
  }

  /// Writers and removers of one output at once: every write succeeds, the file is one writer's at every moment, nothing is left.
  @Test func manyWritersOfOneOutput() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try AtomicFile.write([UInt8](repeating: 0, count: 5000), to: path)
    let faults = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 6) { writer in
      for _ in 0..<30 {
        do {
          try AtomicFile.write([UInt8](repeating: UInt8(writer), count: 5000 + writer), to: path)
          let found = try content()
          let isWhole = found.allSatisfy { $0 == found[0] } && found.count == 5000 + Int(found[0])
          if !isWhole { faults.withLock { $0.append("not whole") } }
        } catch { faults.withLock { $0.append("\(error)") } }
      }
    }
    #expect(faults.withLock { $0 } == [])
    #expect(try names() == ["model.martlet"])
  }
}

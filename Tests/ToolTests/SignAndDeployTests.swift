import Compiler
import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Tool

/// `martlet sign`, `verify --key` and `deploy`, as a person uses them.
@Suite struct SignAndDeployTests {
  private let folder = TemporaryFolder.shared.file("sign-\(UUID().uuidString)").path

  private func model(_ name: String, seed: Int = 1) throws -> String {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let path = "\(folder)/\(name).martlet"
    let made = try ToolProcess("convert", "--architecture", "LeNet-5", "--random-weights", "\(seed)", "-o", path)
    try #require(made.status == 0, "\(made.errors)")
    return path
  }

  @Test(.enabled(if: (try? KeyPair.random()) != nil, "libsodium is not installed"))
  func signThenVerify() throws {
    let plain = try model("plain")
    let keys = "\(folder)/release"
    #expect(try ToolProcess("sign", "--new-key", keys).status == 0)
    #expect(try ToolProcess("sign", "--new-key", keys).status != 0, "a key is never overwritten")
    let attributes = try FileManager.default.attributesOfItem(atPath: keys + ".secret")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let signed = "\(folder)/signed.martlet"
    #expect(try ToolProcess("sign", plain, "--key", keys + ".secret", "-o", signed).status == 0)
    #expect(try ToolProcess("verify", signed, "--key", keys + ".public").status == 0)
    let unsigned = try ToolProcess("verify", plain, "--key", keys + ".public")
    #expect(unsigned.status == 1 && unsigned.errors.contains("is not signed"))
    let wrongKind = try ToolProcess("verify", signed, "--key", keys + ".secret")
    #expect(wrongKind.status == 1 && wrongKind.errors.contains("not a public key"))
    let slots = "\(folder)/slots"
    #expect(try ToolProcess("deploy", slots, plain, "--key", keys + ".public").status == 1)
    #expect(try ToolProcess("deploy", slots, signed, "--key", keys + ".public").status == 0)
  }

  @Test func deployRollBackAndAsk() throws {
    let (first, second) = (try model("first"), try model("second", seed: 2))
    let slots = "\(folder)/door"
    let early = try ToolProcess("deploy", slots, "--which")
    #expect(early.status == 1 && early.errors.contains("no model yet"))
    #expect(try ToolProcess("deploy", slots, first).status == 0)
    #expect(try ToolProcess("deploy", slots, second, "--json").json()["generation"] as? Int == 2)
    func current() throws -> Data {
      let path = try ToolProcess("deploy", slots, "--which").output.trimmingCharacters(in: .whitespacesAndNewlines)
      return try Data(contentsOf: URL(fileURLWithPath: path))
    }
    #expect(try current() == Data(contentsOf: URL(fileURLWithPath: second)))
    #expect(try ToolProcess("deploy", slots, "--rollback").status == 0)
    #expect(try current() == Data(contentsOf: URL(fileURLWithPath: first)))
    try Data("not a model".utf8).write(to: URL(fileURLWithPath: "\(folder)/bad.martlet"))
    #expect(try ToolProcess("deploy", slots, "\(folder)/bad.martlet").status == 1)
    #expect(try current() == Data(contentsOf: URL(fileURLWithPath: first)))
  }

  /// Eight deployments to one folder at once: one after the other, so that none that succeeded is lost.
  @Test func deploymentsAtOnce() throws {
    let slots = "\(folder)/together"
    try FileManager.default.createDirectory(atPath: slots, withIntermediateDirectories: true)
    let models = try (1...2).map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: try model("m\($0)", seed: $0)))) }
    for name in ["current.part", "slot-b.martlet.part"] {
      try Data([1]).write(to: URL(fileURLWithPath: "\(slots)/\(name)"))
    }
    let generations = Mutex<Set<Int>>([])
    DispatchQueue.concurrentPerform(iterations: 8) { number in
      let store = SlotStore(files: FolderFiles(folder: slots))
      guard let note = try? store.alone({ try $0.deploy(models[number % 2]) }) else { return }
      generations.withLock { _ = $0.insert(note.generation) }
    }
    let store = SlotStore(files: FolderFiles(folder: slots))
    #expect(generations.withLock { $0 } == Set(1...8))
    #expect(try store.current()?.generation == 8)
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: slots)) == [
        "current", "slot-a.martlet", "slot-b.martlet",
      ])
    try store.files.exclusively(removing: []) {
      let error = #expect(throws: ToolError.self) { try store.files.exclusively(removing: [], seconds: 0.05) {} }
      #expect(error.map { "\($0)" }?.contains("another process") == true)
    }
  }

  /// A file that is cut short while it is mapped ends the process with a sentence, not with SIGBUS.
  @Test func aFileCutShortWhileItRuns() throws {
    let path = try model("cut")
    let script = "'\(ToolProcess.tool.path)' bench '\(path)' --runs 100000000 & sleep 1; : > '\(path)'; wait $!"
    let run = try ToolProcess(executable: "/bin/sh", ["-c", script])
    #expect(run.status == 1, "\(run.status): \(run.errors)")
    #expect(run.errors.contains("became shorter"))
  }

  /// AlexNet's largest layer alone has 151 MB of weights.
  @Test func littleMemoryGivesASentence() throws {
    let path = "\(folder)/large.martlet"
    let run = try ToolProcess(
      ["convert", "--architecture", "AlexNet", "--random-weights", "1", "-o", path], limits: "ulimit -v 200000")
    #expect(run.status == 1, "\(run.status): \(run.errors)")
    #expect(run.errors.contains("there is not enough memory"))
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}

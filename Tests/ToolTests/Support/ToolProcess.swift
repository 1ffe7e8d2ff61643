import Foundation

/// Runs the built `martlet` as a person would.
struct ToolProcess {
  let status: Int32
  let output: String
  let errors: String

  /// Runs `martlet` with these arguments to its end.
  init(_ arguments: String..., environment: [String: String] = [:], limits: String? = nil) throws {
    let process = Process()
    let tool = Self.tool.path
    if let limits {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", "\(limits); exec \"$0\" \"$@\"", tool] + arguments
    } else {
      process.executableURL = Self.tool
      process.arguments = arguments
    }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let outputFile = TemporaryFolder.shared.file("stdout-\(UUID().uuidString)")
    let errorFile = TemporaryFolder.shared.file("stderr-\(UUID().uuidString)")
    for file in [outputFile, errorFile] { FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    output = String(decoding: try Data(contentsOf: outputFile), as: UTF8.self)
    errors = String(decoding: try Data(contentsOf: errorFile), as: UTF8.self)
  }

  /// The result as JSON.
  func json() throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] ?? [:]
  }

  private static var tool: URL {
    URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("martlet")
  }
}

/// A folder for one test run's files.
final class TemporaryFolder: Sendable {
  static let shared = TemporaryFolder()
  let url: URL

  init() {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-tests-\(UUID().uuidString)")
    try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  func file(_ name: String) -> URL { url.appendingPathComponent(name) }

  func write(_ bytes: [UInt8], as name: String) throws -> String {
    try Data(bytes).write(to: file(name))
    return file(name).path
  }
}

/// Real models and pictures, where this machine has them.
enum TestData {
  static var folder: URL? {
    let path = ProcessInfo.processInfo.environment["MARTLET_TEST_DATA"] ?? "../shared/data"
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else { return nil }
    return URL(fileURLWithPath: path)
  }

  static var isThere: Bool { folder != nil }

  static func path(_ name: String) -> String { folder?.appendingPathComponent(name).path ?? name }
}

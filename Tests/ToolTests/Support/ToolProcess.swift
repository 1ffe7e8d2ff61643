import Foundation

/// Runs the built `martlet` as a person would.
struct ToolProcess {
  let status: Int32
  let output: String
  let errors: String

  /// A signal that is sent to the process when something has happened, unless it has ended before.
  struct Ending {
    let signal: Int32
    /// Asked every millisecond.
    let isDue: () -> Bool
  }

  /// Runs `martlet` with these arguments to its end.
  init(_ arguments: String..., environment: [String: String] = [:], limits: String? = nil) throws {
    try self.init(arguments, environment: environment, limits: limits)
  }

  /// Runs `executable`, or `martlet`, with these arguments to its end.
  init(
    executable: String? = nil, _ arguments: [String] = [], environment: [String: String] = [:], limits: String? = nil,
    ending: Ending? = nil
  ) throws {
    var command = [executable ?? Self.tool.path] + arguments
    if let limits { command = ["/bin/sh", "-c", "\(limits); exec \"$0\" \"$@\""] + command }
    let outputFile = TemporaryFolder.shared.file("stdout-\(UUID().uuidString)")
    let errorFile = TemporaryFolder.shared.file("stderr-\(UUID().uuidString)")
    let everything = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    status = try Self.spawn(
      command, environment: everything.map { "\($0.key)=\($0.value)" }, output: outputFile.path, errors: errorFile.path,
      ending: ending)
    output = String(decoding: try Data(contentsOf: outputFile), as: UTF8.self)
    errors = String(decoding: try Data(contentsOf: errorFile), as: UTF8.self)
  }

  /// Whether a program of this name is in PATH.
  static func isInstalled(_ name: String) -> Bool {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
  }

  /// The result as JSON.
  func json() throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] ?? [:]
  }

  /// Foundation's Process may miss the end of one child when several are started at once; waiting for one does not.
  private static func spawn(
    _ command: [String], environment: [String], output: String, errors: String, ending: Ending?
  ) throws -> Int32 {
    let child = try start(command, environment: environment, output: output, errors: errors)
    var state: Int32 = 0
    while let ending {
      if waitpid(child, &state, WNOHANG) == child { return Self.status(state) }
      if ending.isDue() {
        kill(child, ending.signal)
        break
      }
      usleep(1000)
    }
    return try wait(child)
  }

  /// Starts a program.
  static func start(_ command: [String], environment: [String], output: String, errors: String) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var words = command.map { strdup($0) } + [nil]
    var variables = environment.map { strdup($0) } + [nil]
    defer { (words + variables).forEach { free($0) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, command[0], &actions, nil, &words, &variables)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
    return child
  }

  /// Waits for a program's end: its status, or the negative of the signal that ended it.
  static func wait(_ child: pid_t) throws -> Int32 {
    var state: Int32 = 0
    while waitpid(child, &state, 0) < 0 {
      guard errno == EINTR else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EINVAL) }
    }
    return Self.status(state)
  }

  /// The exit code, or the negative of the signal that ended the process.
  private static func status(_ state: Int32) -> Int32 {
    let signal = state & 0x7f
    return signal == 0 ? (state >> 8) & 0xff : -signal
  }

  static var tool: URL {
    URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("martlet")
  }
}

/// A folder for one test run's files, which goes when the run ends.
final class TemporaryFolder: Sendable {
  static let shared = TemporaryFolder()
  let url: URL

  private init() {
    atexit { try? FileManager.default.removeItem(at: TemporaryFolder.shared.url) }
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

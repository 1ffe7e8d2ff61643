import ArgumentParser
import CHost
import Foundation

/// Imports damaged networks, in this process; `tools/fuzz-imports` starts it with the address sanitizer.
@main
struct ImportFuzz: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Damages network files and imports them, many times.",
    discussion: "Example: ImportFuzz network.tflite other.onnx --cases 1000 --seed 7")

  @Argument(help: "Sound files (.tflite, .onnx), damaged in turns.")
  var files: [String]

  @Option(help: "How many cases.")
  var cases = 1000

  @Option(help: "The number of the first case.")
  var first = 0

  @Option(help: "Decides what the damage is.")
  var seed: UInt64 = 1

  @Option(help: "Seconds that one case may take.")
  var seconds: UInt32 = 20

  @Option(help: "A file in which the number of the case that runs is kept, to know it after a crash.")
  var journal: String?

  @Option(help: "Only write the damaged file of case --first here.")
  var write: String?

  func validate() throws {
    guard cases > 0, first >= 0 else { throw ValidationError("--cases must be positive, --first at least 0.") }
  }

  func run() throws {
    let sound = try files.map { path in
      FuzzedFile(
        name: URL(fileURLWithPath: path).lastPathComponent,
        bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    }
    var run = FuzzRun(files: sound, seed: seed)
    if let write {
      try Data(run.bytes(ofCase: first)).write(to: URL(fileURLWithPath: write))
      return
    }
    let descriptor = journal.map { open($0, O_WRONLY | O_CREAT | O_TRUNC, 0o644) } ?? -1
    var shown = martlet_host_nanoseconds()
    for number in first..<first + cases {
      if descriptor >= 0 {
        let text = Array("\(number) \(sound[number % sound.count].name)\n".utf8) + Array(repeating: 32, count: 40)
        _ = pwrite(descriptor, text, text.count, 0)
      }
      // SIGALRM ends a case that hangs.
      _ = alarm(seconds)
      run.run(case: number)
      if martlet_host_nanoseconds() - shown > 5_000_000_000 {
        shown = martlet_host_nanoseconds()
        FileHandle.standardError.write(Data("\(number - first + 1) of \(cases)\n".utf8))
      }
    }
    _ = alarm(0)
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    print(String(decoding: try encoder.encode(run.report), as: UTF8.self))
  }
}

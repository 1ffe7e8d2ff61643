import Foundation

/// What a machine is, as far as it says so itself.
struct Machine: Encodable {
  let system: String
  let architecture: String
  let processor: String
  let cores: Int
  let memoryBytes: UInt64

  static var this: Machine {
    var names = utsname()
    uname(&names)
    let kernel = "\(text(&names.sysname)) \(text(&names.release))"
    let architecture = text(&names.machine)
    let distribution = value(of: "PRETTY_NAME", separator: "=", in: "/etc/os-release")
    return Machine(
      system: distribution.map { "\($0), \(kernel)" } ?? kernel, architecture: architecture,
      processor: value(of: "model name", separator: ":", in: "/proc/cpuinfo") ?? architecture,
      cores: ProcessInfo.processInfo.activeProcessorCount, memoryBytes: ProcessInfo.processInfo.physicalMemory)
  }

  /// What the first line of a file that begins with `key` says after the separator.
  static func value(of key: String, separator: Character, in path: String) -> String? {
    guard let content = FileManager.default.contents(atPath: path) else { return nil }
    for line in String(decoding: content, as: UTF8.self).split(separator: "\n") where line.hasPrefix(key) {
      guard let place = line.firstIndex(of: separator) else { continue }
      let value = line[line.index(after: place)...].trimmingCharacters(in: CharacterSet(charactersIn: "\" \t"))
      if !value.isEmpty { return value }
    }
    return nil
  }

  private static func text<Field>(_ field: inout Field) -> String {
    withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

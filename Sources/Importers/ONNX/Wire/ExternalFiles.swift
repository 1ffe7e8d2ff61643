import CHost
import Foundation

/// Where a tensor's bytes lie in another file, as the model says it.
struct ExternalLocation {
  /// Relative to the model's folder.
  var path = ""
  var offset = 0
  /// nil: as many bytes as the tensor has.
  var length: Int?
  /// What of it is no number, for the message.
  var malformed: String?

  init() {}

  /// Reads one StringStringEntryProto.
  mutating func add(_ file: [UInt8], _ range: Range<Int>) throws(WireFault) {
    var reader = WireReader(file, range)
    var (key, value) = ("", "")
    while let field = try reader.next() {
      if field.number == 1 { key = try reader.text(field) }
      if field.number == 2 { value = try reader.text(field) }
    }
    switch key {
    case "location": path = value
    case "offset": offset = number(value)
    case "length": length = number(value)
    default: break
    }
  }

  private mutating func number(_ text: String) -> Int {
    if let value = Int(text), value >= 0 { return value }
    malformed = String(text.prefix(32))
    return 0
  }
}

/// The files beside a model that hold its large tensors. Nothing outside the model's own folder is opened, whatever the
/// model asks for, and no more bytes are taken from a file than twice what it has.
struct ExternalFiles {
  /// The model's folder; nil when only its bytes were given.
  let folder: String?
  private var files: [String: MappedBytes] = [:]
  private var budgets: [String: Int] = [:]

  init(folder: String?) { self.folder = folder }

  /// `count` bytes, or as many as the location says where that is less sure.
  mutating func bytes(_ location: ExternalLocation, count: Int, tensor: String) throws(Unsupported) -> [UInt8] {
    func refused(_ reason: String, _ remedy: String = "The model is damaged or was not made with care: export it again")
      -> Unsupported
    {
      Unsupported("its tensor '\(tensor)' lies in another file, \(reason)", remedy)
    }
    if let malformed = location.malformed { throw refused("at '\(malformed)', which is no place") }
    guard location.length ?? count == count else {
      throw refused("where it has \(location.length ?? 0) bytes and not the \(count) that its shape needs")
    }
    let file = try open(location.path, refused)
    let (end, overflow) = location.offset.addingReportingOverflow(count)
    guard !overflow, end <= file.bytes.count else {
      throw refused(
        "but \(count) bytes from \(location.offset) run past the end of its \(file.bytes.count) bytes",
        "Download or export '\(location.path)' again")
    }
    let left = budgets[location.path, default: 2 * file.bytes.count]
    guard count <= left else { throw refused("of which it uses the same bytes again and again") }
    budgets[location.path] = left - count
    return [UInt8](UnsafeRawBufferPointer(rebasing: file.bytes[location.offset..<end]))
  }

  private mutating func open(
    _ path: String, _ refused: (String, String) -> Unsupported
  ) throws(Unsupported) -> MappedBytes {
    if let file = files[path] { return file }
    let remedy = "Keep the data beside the model, or save the model as one file (onnx.save)"
    guard let folder else { throw refused("and only the model's own bytes were given", "Import the model by its path") }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !path.isEmpty, !path.utf8.contains(0), !parts.contains(""), !parts.contains("..") else {
      throw refused("at '\(path.prefix(64))', which is not inside the model's folder", remedy)
    }
    guard let home = resolved(folder), let target = resolved(folder + "/" + path) else {
      throw refused("'\(path)', which is not there", remedy)
    }
    guard target.hasPrefix(home == "/" ? home : home + "/") else {
      throw refused("'\(path)', a link that leads out of the model's folder", remedy)
    }
    guard isRegularFile(target), let file = MappedBytes(target) else {
      throw refused("'\(path)', which cannot be read", remedy)
    }
    files[path] = file
    return file
  }

  /// The path without links.
  private func resolved(_ path: String) -> String? {
    guard let name = realpath(path, nil) else { return nil }
    defer { free(name) }
    return String(cString: name)
  }

  private func isRegularFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }
}

/// A file's bytes where the operating system maps them, for as long as this object lives.
private final class MappedBytes: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer

  init?(_ path: String) {
    var start: UnsafeRawPointer?
    var count = 0
    guard martlet_host_map_file(path, &start, &count) == 0, let start else { return nil }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  deinit { martlet_host_unmap_file(bytes.baseAddress, bytes.count) }
}

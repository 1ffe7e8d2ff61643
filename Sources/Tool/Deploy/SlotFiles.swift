import CHost
import Foundation

/// The few things that a slot store asks of a folder. Until `sync` a write may be lost or half there after a power cut,
/// and until `syncFolder` so may a rename.
protocol SlotFiles {
  /// A file's bytes, or nil when there is none.
  func read(_ name: String) throws -> [UInt8]?
  /// Creates or overwrites a file.
  func write(_ bytes: [UInt8], to name: String) throws
  /// Waits until the file's bytes are on the disk.
  func sync(_ name: String) throws
  /// Puts one file in the place of another, whole.
  func rename(_ name: String, to other: String) throws
  /// Waits until renames are on the disk.
  func syncFolder() throws
}

/// A folder of the file system.
struct FolderFiles: SlotFiles {
  let folder: String

  private func path(_ name: String) -> String { folder + "/" + name }

  /// Runs `body` while no other process is inside this function with this folder. Where it has no locks, at once.
  /// - Parameters:
  ///   - remains: names under which only killed processes leave files; they are removed first.
  ///   - seconds: how long to wait for another process.
  /// - Throws: what `body` throws, or a sentence when another process has the folder for longer.
  func exclusively<Value>(
    removing remains: [String], seconds: Double = 30, _ body: () throws -> Value
  ) throws -> Value {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return try body() }
    // The lock goes with the descriptor, also where the process is killed.
    defer { close(descriptor) }
    let end = martlet_host_nanoseconds() + UInt64(seconds * 1e9)
    var isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0
    while !isLocked, errno == EWOULDBLOCK || errno == EINTR {
      guard martlet_host_nanoseconds() < end else {
        throw ToolError("another process deploys to \(folder) at this moment: try again.")
      }
      usleep(10_000)
      isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }
    if isLocked { for name in remains { unlink(path(name)) } }
    return try body()
  }

  func read(_ name: String) throws -> [UInt8]? {
    guard FileManager.default.fileExists(atPath: path(name)) else { return nil }
    do {
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
    } catch {
      throw ToolError("\(path(name)) cannot be read: check that you may read it.")
    }
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    let descriptor = open(path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(name, errno) }
    let code = bytes.withUnsafeBytes { martlet_host_write(descriptor, $0.baseAddress, $0.count) }
    guard close(descriptor) == 0, code == 0 else {
      unlink(path(name))
      throw failure(name, code)
    }
  }

  func sync(_ name: String) throws { try sync(path: path(name), flags: O_RDWR) }

  func rename(_ name: String, to other: String) throws {
    guard Foundation.rename(path(name), path(other)) == 0 else { throw failure(other, errno) }
  }

  func syncFolder() throws { try sync(path: folder, flags: O_RDONLY) }

  private func sync(path: String, flags: Int32) throws {
    let descriptor = open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else { throw ToolError("\(path) cannot be opened: \(String(cString: strerror(errno))).") }
    defer { close(descriptor) }
    // Some file systems cannot sync a folder (EINVAL): their renames are ordered behind the data.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw ToolError("\(path) cannot be kept safely: \(String(cString: strerror(errno))); choose another disk.")
    }
  }

  private func failure(_ name: String, _ code: Int32) -> ToolError {
    ToolError(
      "\(path(name)) cannot be written: \(String(cString: strerror(code))); what was deployed before is still there.")
  }
}

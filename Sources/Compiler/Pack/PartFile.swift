import Foundation
import Graph

/// The file beside an output in which the output is made, `OUTPUT.PROCESS.part`. Its writer holds a lock on it, which goes
/// with the process: a file without a lock is what a killed writer left, whichever process has that number now, and in
/// whichever container that shares the folder.
struct PartFile {
  let path: String
  /// Open for writing, and locked until it is closed.
  let descriptor: Int32

  /// Creates one beside `output`.
  /// - Throws: `GraphError` with the path, the reason and a remedy.
  init(beside output: String, mode: mode_t) throws(GraphError) {
    for attempt in 0..<100 {
      let name = "\(output).\(getpid())\(attempt == 0 ? "" : "-\(attempt)").part"
      let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
      guard descriptor >= 0 else {
        // Another thread's, or that of a process which has the same number in another container.
        if errno == EEXIST { continue }
        throw AtomicFile.failure(output, errno)
      }
      // Whoever removes remains may have locked the file before its writer could; without locks nobody removes.
      let isTaken = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
      var status = stat()
      if !isTaken, fstat(descriptor, &status) == 0, status.st_nlink > 0 {
        (path, self.descriptor) = (name, descriptor)
        return
      }
      close(descriptor)
    }
    throw AtomicFile.failure(output, EEXIST)
  }

  /// Removes what killed writers left beside `output`; what living ones write stays.
  static func removeRemains(of output: String) {
    let place = URL(fileURLWithPath: output)
    let folder = place.deletingLastPathComponent()
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
      guard isPart(name, of: place.lastPathComponent) else { continue }
      removeUnlessLocked(folder.appendingPathComponent(name).path)
    }
  }

  private static func isPart(_ name: String, of output: String) -> Bool {
    guard name.hasPrefix(output + "."), name.hasSuffix(".part") else { return false }
    let number = name.utf8.dropFirst(output.utf8.count + 1).dropLast(5)
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    return number.first.map(digits.contains) == true
      && number.allSatisfy { digits.contains($0) || $0 == UInt8(ascii: "-") }
  }

  private static func removeUnlessLocked(_ path: String) {
    let descriptor = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var (held, named) = (stat(), stat())
    // Who has the lock of the file at this path is the only one to rename or to remove it.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &held) == 0, lstat(path, &named) == 0,
      held.st_mode & S_IFMT == S_IFREG, held.st_dev == named.st_dev, held.st_ino == named.st_ino
    else { return }
    unlink(path)
  }
}

import CHost
import Foundation
import Graph

/// Writes files whole or not at all.
public enum AtomicFile {
  /// Writes `bytes` to a new file beside `path`, makes sure that they are on the disk, and renames it to `path`.
  /// When anything fails, what was at `path` before is still there, and no half-written file is left.
  /// - Parameters:
  ///   - bytes: all of the file.
  ///   - path: a file that exists, or a name in a folder that does.
  ///   - mode: who may read and write the file.
  /// - Throws: `GraphError` with the path, the reason and a remedy.
  public static func write(_ bytes: some Collection<UInt8>, to path: String, mode: mode_t = 0o644) throws(GraphError) {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw GraphError("cannot write \(path): it is not a file that can be replaced; choose a file name")
    }
    let temporary = "\(path).\(getpid()).part"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw failure(path, errno) }
    var code = ContiguousArray(bytes).withUnsafeBytes { martlet_host_write(descriptor, $0.baseAddress, $0.count) }
    if code == 0, fsync(descriptor) != 0, errno != EINVAL { code = errno }
    if close(descriptor) != 0, code == 0 { code = errno }
    if code == 0, rename(temporary, path) != 0 { code = errno }
    guard code == 0 else {
      unlink(temporary)
      throw failure(path, code)
    }
  }

  private static func failure(_ path: String, _ code: Int32) -> GraphError {
    let remedy =
      switch code {
      case ENOSPC, EDQUOT: "free some space or choose another disk"
      case EACCES, EPERM, EROFS: "choose a folder that you may write to"
      case ENOENT, ENOTDIR: "create the folder first"
      case EISDIR: "choose a file name, not a folder"
      default: "choose another place"
      }
    return GraphError("cannot write \(path): \(String(cString: strerror(code))); \(remedy)")
  }
}

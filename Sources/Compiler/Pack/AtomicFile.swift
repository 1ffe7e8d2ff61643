import CHost
import Foundation
import Graph

/// Writes files whole or not at all.
public enum AtomicFile {
  /// Writes `bytes` to a new file beside `path`, makes sure that they are on the disk, and renames it to `path`.
  /// When anything fails, what was at `path` before is still there, and no half-written file is left. What killed writers
  /// of `path` left beside it is removed first; several may write to one path at once, and the last to end stays.
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
    removeRemains(of: path)
    let part = try PartFile(beside: path, mode: mode)
    var code = ContiguousArray(bytes).withUnsafeBytes { martlet_host_write(part.descriptor, $0.baseAddress, $0.count) }
    if code == 0, fsync(part.descriptor) != 0, errno != EINVAL { code = errno }
    // Before its lock goes, the file has its name or is gone.
    if code == 0, rename(part.path, path) != 0 { code = errno }
    if code != 0 { unlink(part.path) }
    close(part.descriptor)
    guard code == 0 else { throw failure(path, code) }
  }

  /// Removes what killed writers of `path` left beside it; what living ones write stays.
  public static func removeRemains(of path: String) { PartFile.removeRemains(of: path) }

  static func failure(_ path: String, _ code: Int32) -> GraphError {
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

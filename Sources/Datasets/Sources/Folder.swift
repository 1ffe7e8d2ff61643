import Foundation

/// Listing folders in a fixed order (by Unicode scalars), hidden files left out.
enum Folder {
  static let pictureExtensions: Set<String> = ["jpg", "jpeg", "jpe", "png", "bmp", "dib", "ppm", "pgm", "pnm"]

  static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }

  static func isFile(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
  }

  static func names(in path: String) throws(DatasetError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted()
    } catch {
      throw DatasetError("\(path) cannot be listed: check that it is a folder that you may read.")
    }
  }

  static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  static func isPicture(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return pictureExtensions.contains(name[name.index(after: dot)...].lowercased())
  }

  /// All pictures under `path`, folders within folders included, down to eight levels.
  static func pictures(under path: String, depth: Int = 8) throws(DatasetError) -> [String] {
    var found: [String] = []
    for name in try names(in: path) {
      let inner = join(path, name)
      if isFolder(inner) {
        if depth > 0 { found += try pictures(under: inner, depth: depth - 1) }
      } else if isPicture(name) {
        found.append(inner)
      }
    }
    return found
  }
}

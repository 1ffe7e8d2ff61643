import CHost
import Foundation

/// Something outside Martlet that some commands use: a shared library that is opened when it is needed, or a program.
struct Requirement {
  let name: String
  /// The Debian package that brings it; nil when none does.
  let package: String?
  /// What works with it and not without it.
  let neededFor: String
  /// Where it is; nil: it is not there.
  let find: () -> String?

  /// How to get it.
  func remedy(hasAPT: Bool) -> String {
    guard let package else { return "install the Swift toolchain: https://www.swift.org/install/" }
    return hasAPT
      ? "\(getuid() == 0 ? "" : "sudo ")apt-get install \(package)"
      : "install \(name) with this system's package manager (Debian calls it \(package))"
  }

  /// The libraries that CHost opens.
  static var libraries: [Requirement] {
    [
      library("libturbojpeg", "libturbojpeg0", "JPEG pictures", martlet_host_find_turbojpeg),
      library("libpng", "libpng16-16", "PNG pictures", martlet_host_find_png),
      library(
        "zlib", "zlib1g", "compressed archives: .npz, checkpoints, data sets ending in .gz", martlet_host_find_zlib),
      library("libsodium", "libsodium23", "making keys, signing, verify --key", martlet_host_find_sodium),
    ]
  }

  /// Programs that what `martlet export --firmware` writes calls.
  static var programs: [Requirement] {
    [
      program("swiftc", nil, "building an exported firmware"),
      program("qemu-system-arm", "qemu-system-arm", "running an exported firmware without a board"),
    ]
  }

  private static func library(
    _ name: String, _ package: String, _ neededFor: String,
    _ find: @escaping (UnsafeMutablePointer<CChar>?, Int) -> Int32
  ) -> Requirement {
    Requirement(name: name, package: package, neededFor: neededFor) {
      var path = [CChar](repeating: 0, count: 4096)
      guard find(&path, path.count) == 1 else { return nil }
      return String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  private static func program(_ name: String, _ package: String?, _ neededFor: String) -> Requirement {
    Requirement(name: name, package: package, neededFor: neededFor) { path(ofProgram: name) }
  }

  /// Where PATH has a program.
  static func path(ofProgram name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}

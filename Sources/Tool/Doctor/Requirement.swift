import CHost
import Foundation

/// Something outside Martlet that some commands use: a shared library that is opened when it is needed, or a program.
struct Requirement {
  let name: String
  /// The Debian packages that bring it; nil when none does.
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

  /// Programs that the documents' other commands and the scripts in tools/ call.
  static var scripts: [Requirement] {
    [
      program("python3", "python3", "the Python package, and most scripts"),
      program("pip", "python3-pip", "installing the Python package; tools/demo"),
      program("cc", "gcc libc6-dev", "C programs with libmartlet; tools/test-c-library, tools/soak, tools/arm-bench"),
      program("curl", "curl", "asking a server"),
      program("man", "man-db", "reading the manual page"),
      program("groff", "groff", "tools/man-page --check"),
      program("chromium", "chromium", "looking at pages: tools/test-page, tools/test-reports"),
      program(
        "qemu-aarch64", "qemu-user", "64-bit ARM without such a machine: tools/test-arm-kernels, tools/arm-bench"),
      program(
        "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
        "tools/build-arm-runner, tools/test-arm-kernels"),
      program("readelf", "binutils", "tools/size-table, tools/package-deb"),
      program("dpkg-deb", "dpkg", "tools/package-deb"),
      program("unshare", "util-linux", "tools/package-deb --check, tools/walkthrough, tools/kill-test --faults"),
      program("debootstrap", "debootstrap", "tools/walkthrough"),
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

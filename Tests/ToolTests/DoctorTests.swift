import Foundation
import Testing

@testable import Tool

/// `martlet doctor` tells the truth about this machine.
@Suite struct DoctorTests {
  @Test func namesWhatIsHere() throws {
    let result = try ToolProcess("doctor", "--json")
    let json = try result.json()
    let libraries = try #require(json["libraries"] as? [[String: Any]])
    #expect(libraries.compactMap { $0["name"] as? String } == ["libturbojpeg", "libpng", "zlib", "libsodium"])
    for library in libraries {
      let path = library["path"] as? String
      #expect((library["found"] as? Bool) == (path != nil))
      #expect((library["remedy"] as? String != nil) == (path == nil))
      if let path { #expect(FileManager.default.fileExists(atPath: path), "\(path)") }
    }
    let scripts = try #require(json["scripts"] as? [[String: Any]])
    for script in scripts {
      let name = try #require(script["name"] as? String)
      #expect(script["found"] as? Bool == ToolProcess.isInstalled(name), "\(name)")
      #expect((script["remedy"] as? String != nil) == (script["found"] as? Bool == false), "\(name)")
    }
    #expect(result.status == (libraries.allSatisfy { $0["found"] as? Bool == true } ? 0 : 1))
    let machine = try #require(json["machine"] as? [String: Any])
    #expect((machine["cores"] as? Int ?? 0) == ProcessInfo.processInfo.activeProcessorCount)
    #expect((machine["memory_bytes"] as? Int ?? 0) > 1 << 20)
    let kernels = try #require(json["kernels"] as? [[String: Any]])
    #expect(kernels.count { $0["chosen"] as? Bool == true } == 1)
    #expect(try ToolProcess("doctor").output.contains("processor  "))
  }

  @Test func saysHowToInstallWhatIsMissing() {
    let missing = Requirement(name: "libnowhere", package: "libnowhere1", neededFor: "nothing") { nil }
    let here = Requirement(name: "libhere", package: "libhere1", neededFor: "all") { "/lib/libhere.so" }
    let examination = Examination(libraries: [here, missing], programs: [], hasAPT: true)
    #expect(!examination.isComplete)
    #expect(examination.libraries[0].remedy == nil)
    #expect(examination.libraries[1].remedy?.hasSuffix("apt-get install libnowhere1") == true)
    #expect(
      Examination(libraries: [missing], programs: [], hasAPT: false).libraries[0].remedy?.contains("apt-get") == false)
    let complete = Examination(libraries: [here], programs: [missing], scripts: [missing], hasAPT: true)
    #expect(complete.isComplete && complete.scripts[0].remedy?.hasSuffix("apt-get install libnowhere1") == true)
  }

  @Test func namesAFamilyThatIsNotHere() throws {
    let result = try ToolProcess("doctor", "--json", environment: ["MARTLET_ISA": "abacus"])
    #expect(result.status == 1)
    #expect((try result.json()["problems"] as? [String])?.first?.contains("MARTLET_ISA") == true)
  }
}

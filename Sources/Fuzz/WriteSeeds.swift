#if !RUNTIME_ALONE
  import Foundation
  import FuzzTargets

  /// Writes each target's own seeds into a folder of its name.
  func writeSeeds(into folder: String) -> CInt {
    for target in FuzzTarget.allCases {
      let place = URL(fileURLWithPath: folder).appendingPathComponent(target.rawValue)
      do {
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        for (number, seed) in target.seeds.enumerated() {
          try Data(seed).write(to: place.appendingPathComponent("seed-\(number)"))
        }
      } catch {
        FileHandle.standardError.write(Data("\(place.path) cannot be written: \(error)\n".utf8))
        return 1
      }
    }
    return 0
  }
#endif

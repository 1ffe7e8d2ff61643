#if RUNTIME_ALONE
  import Foundation
  import ModelAttack

  /// Attacks each file and prints a row of a table for it.
  func attack(_ paths: [String], mostPlaces: Int) -> CInt {
    let head = "| model | file bytes | bytes changed | words changed | lengths | variants | refused | ran | not run |"
    FileHandle.standardOutput.write(Data("\(head)\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n".utf8))
    var (total, totalBytes) = ([Attack.Count(), Attack.Count(), Attack.Count()], 0)
    for path in paths {
      guard let data = FileManager.default.contents(atPath: path) else {
        FileHandle.standardError.write(Data("\(path) cannot be read\n".utf8))
        return 1
      }
      let attack = Attack(on: [UInt8](data), mostPlaces: mostPlaces)
      let counts = [attack.bytes(), attack.fields(), attack.truncations()]
      for index in counts.indices { total[index].add(counts[index]) }
      totalBytes += attack.fileBytes
      report(URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent, attack.fileBytes, counts)
    }
    report("all \(paths.count)", totalBytes, total)
    return 0
  }

  private func report(_ name: String, _ bytes: Int, _ counts: [Attack.Count]) {
    var all = Attack.Count()
    for count in counts { all.add(count) }
    let numbers = [bytes] + counts.map(\.places) + [all.variants, all.refused, all.ran, all.notRun]
    FileHandle.standardOutput.write(Data("| \(name) | \(numbers.map(String.init).joined(separator: " | ")) |\n".utf8))
  }
#endif

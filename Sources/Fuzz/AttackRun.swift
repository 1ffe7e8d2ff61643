import Foundation
import FuzzTargets

/// Attacks each file and prints a line for it.
func attack(_ paths: [String]) -> CInt {
  var total = [Attack.Count(), Attack.Count(), Attack.Count()]
  for path in paths {
    guard let data = FileManager.default.contents(atPath: path) else {
      FileHandle.standardError.write(Data("\(path) cannot be read\n".utf8))
      return 1
    }
    let attack = Attack(on: [UInt8](data))
    let counts = [attack.bytes(), attack.fields(), attack.truncations()]
    for index in total.indices {
      total[index].refused += counts[index].refused
      total[index].accepted += counts[index].accepted
    }
    report(URL(fileURLWithPath: path).lastPathComponent, counts)
  }
  report("all \(paths.count)", total)
  return 0
}

private func report(_ name: String, _ counts: [Attack.Count]) {
  let columns = zip(["bytes", "fields", "truncations"], counts).map { kind, count in
    "\(kind) refused=\(count.refused) accepted=\(count.accepted)"
  }
  print(name, columns.joined(separator: "  "))
}

import Graph

@testable import Tool

/// The power went.
struct PowerCut: Error {}

/// A folder whose power is cut before its n-th operation. What was not synced by then is there, half there or not.
final class SimulatedDisk: SlotFiles {
  /// What a process sees.
  private var seen: [String: [UInt8]] = [:]
  /// What is surely on the disk, and what came after it and may be.
  private var kept: [String: [UInt8]] = [:]
  private var pending: [Change] = []
  private(set) var operations = 0
  var cutBefore = Int.max

  private enum Change {
    case write(String, [UInt8])
    case rename(String, String)
  }

  func read(_ name: String) throws -> [UInt8]? { seen[name] }

  func write(_ bytes: [UInt8], to name: String) throws {
    try count()
    seen[name] = bytes
    pending.append(.write(name, bytes))
  }

  func sync(_ name: String) throws {
    try count()
    kept[name] = seen[name]
    pending.removeAll { if case .write(name, _) = $0 { true } else { false } }
  }

  func rename(_ name: String, to other: String) throws {
    try count()
    seen[other] = seen.removeValue(forKey: name)
    pending.append(.rename(name, other))
  }

  func syncFolder() throws {
    try count()
    for change in pending { if case .rename(let name, let other) = change { move(name, other) } }
    pending.removeAll { if case .rename = $0 { true } else { false } }
  }

  private func count() throws {
    operations += 1
    if operations >= cutBefore { throw PowerCut() }
  }

  private func move(_ name: String, _ other: String) {
    guard let bytes = kept.removeValue(forKey: name) else { return }
    kept[other] = bytes
  }

  /// The disk after the power is back.
  func restarted(_ random: inout SplitMix64) -> SimulatedDisk {
    for change in pending {
      switch change {
      case .write(let name, let bytes):
        switch random.below(3) {
        case 0: break
        case 1: kept[name] = Array(bytes.prefix(random.below(bytes.count + 1)))
        default: kept[name] = bytes
        }
      case .rename(let name, let other): if random.below(2) == 0 { move(name, other) }
      }
    }
    let disk = SimulatedDisk()
    (disk.kept, disk.seen) = (kept, kept)
    return disk
  }
}

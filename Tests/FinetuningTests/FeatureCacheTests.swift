import Datasets
import Finetuning
import Foundation
import Martlet
import Testing

/// Features survive an interruption, and are never taken for another network's.
@Suite struct FeatureCacheTests {
  private let subject = FeatureCache.Subject(backbone: BackboneIdentity(), tensor: 4, featureCount: 6)
  private let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path

  private func key(_ number: UInt8) -> InputKey { InputKey(.pixels([number, 1, 2, 3, 4, 5, 6, 7, 8])) }

  private func written(_ count: Int) throws -> Data {
    let cache = try FeatureCache(path, subject) { (0.5, -3) }
    for number in 0..<count { try cache.append(key(UInt8(number)), [Int8](repeating: Int8(number), count: 6)) }
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private func reopened(_ data: Data, _ subject: FeatureCache.Subject? = nil) throws -> FeatureCache {
    try data.write(to: URL(fileURLWithPath: path))
    return try FeatureCache(path, subject ?? self.subject) { (2, 7) }
  }

  @Test func goesOnAfterAnyEnd() throws {
    let data = try written(3)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let recordBytes = 26
    let headBytes = data.count - 3 * recordBytes
    for count in 0...data.count {
      let cache = try reopened(data.prefix(count))
      let whole = count < headBytes ? 0 : (count - headBytes) / recordBytes
      #expect(cache.known.count == whole, "\(count)")
      #expect(cache.scale == (count < headBytes ? 2 : 0.5))
      #expect(whole < 2 || cache.known[key(1)] == [1, 1, 1, 1, 1, 1])
      try cache.append(key(9), [9, 9, 9, 9, 9, 9])
      #expect(try FeatureCache(path, subject) { (2, 7) }.known.count == whole + 1)
    }
  }

  @Test func aDamagedRecordEndsWhatIsKnown() throws {
    let data = try written(3)
    defer { try? FileManager.default.removeItem(atPath: path) }
    for place in data.count - 52..<data.count - 26 {
      var damaged = data
      damaged[place] ^= 4
      #expect(try reopened(damaged).known.count == 1)
    }
  }

  @Test func anotherNetworksFeaturesAreNotRead() throws {
    let data = try written(2)
    defer { try? FileManager.default.removeItem(atPath: path) }
    var other = subject
    other.backbone.bodyChecksum = 1
    #expect(try reopened(data, other).known.isEmpty)
    other = subject
    other.tensor = 5
    #expect(try reopened(data, other).known.isEmpty)
    #expect(throws: (any Error).self) { try FeatureCache("/nowhere/at/all", subject) { (1, 0) } }
  }

  @Test func keysTellInputsApart() {
    var keys: Set<InputKey> = []
    for number in 0..<200 {
      var pixels = [UInt8](repeating: 7, count: 40)
      pixels[number % 40] ^= UInt8(1 + number / 40)
      keys.insert(InputKey(.pixels(pixels)))
    }
    #expect(keys.count == 200)
    #expect(InputKey(.pixels([1, 0])) != InputKey(.pixels([1])))
  }

  @Test func duplicatesAreNamed() {
    let duplicates = Duplicates(
      training: [("a", 0, key(1)), ("b", 1, key(2)), ("c", 1, key(1)), ("d", 0, key(5))],
      validation: [("e", 1, key(2)), ("f", 0, key(3)), ("g", 1, key(5))])
    #expect(duplicates.acrossSplits == [["b", "e"]])
    #expect(duplicates.acrossClasses == [["a", "c"], ["d", "g"]])
  }
}

import Compiler
import Finetuning
import Graph
import Martlet
import Testing

/// A head patch is refused on any other network, and whatever its bytes are, nothing is read outside.
@Suite struct HeadFileTests {
  private static func patch(_ kind: HeadKind, _ backbone: TestBackbone) throws -> [UInt8] {
    let point = try FeaturePoint.classifierInput(of: backbone.bytes)
    var random = SplitMix64(seed: 5)
    var set = FeatureSet(
      featureCount: 24, scale: point.quantization.scale, zeroPoint: point.quantization.zeroPoint,
      classNames: ["ant", "bee"])
    for index in 0..<12 {
      set.append(
        (0..<24).map { Int8($0 % 2 == index % 2 ? 90 : 10) + Int8(random.below(20)) }, label: index % 2, item: index)
    }
    return try trainHead(on: set, options: HeadOptions(kind: kind, hiddenUnits: 5))
      .patch(HeadPlace(file: backbone.bytes, point: point, classNames: set.classNames))
  }

  @Test func isRefusedOnAnotherNetwork() throws {
    let (one, other) = (try TestBackbone(seed: 1), try TestBackbone(seed: 2))
    let head = try HeadFile(Self.patch(.softmax, one))
    _ = try head.merged(into: one.bytes)
    let error = #expect(throws: FinetuneError.self) { try head.merged(into: other.bytes) }
    #expect(error?.description.contains("another network") == true)
    #expect(throws: FinetuneError.self) { try head.merged(into: [1, 2, 3]) }
  }

  @Test func isSmall() throws {
    let bytes = try Self.patch(.softmax, TestBackbone())
    // Header, one layer, two biases and scales, 2 × 24 weights, the labels.
    let expected = 128 + 32 + 16 + 48 + 8
    #expect(bytes.count == expected)
  }

  @Test(arguments: [HeadKind.softmax, .hidden])
  func everyTruncationIsRefused(kind: HeadKind) throws {
    let bytes = try Self.patch(kind, TestBackbone())
    _ = try HeadFile(bytes)
    for count in 0..<bytes.count {
      #expect(throws: FinetuneError.self, "\(count)") { try HeadFile(Array(bytes[..<count])) }
    }
    #expect(throws: FinetuneError.self) { try HeadFile(bytes + [0]) }
  }

  @Test(arguments: [HeadKind.softmax, .hidden])
  func everyChangedByteIsRefused(kind: HeadKind) throws {
    let bytes = try Self.patch(kind, TestBackbone())
    for place in bytes.indices {
      for flip: UInt8 in [1, 0x80, 0xFF] {
        var changed = bytes
        changed[place] ^= flip
        #expect(throws: FinetuneError.self, "\(place)") { try HeadFile(changed) }
      }
    }
  }

  /// With checksums made right again, a change is refused or harmless: what is accepted can be merged or says why not.
  @Test(arguments: [HeadKind.softmax, .hidden])
  func changesUnderRightChecksumsAreSafe(kind: HeadKind) throws {
    let backbone = try TestBackbone()
    let bytes = try Self.patch(kind, backbone)
    let features = [[Int8](repeating: 127, count: 24), [Int8](repeating: -128, count: 24)]
    var (refused, accepted) = (0, 0)
    for place in bytes.indices where !(16..<24).contains(place) {
      for flip: UInt8 in [1, 0x40, 0x80, 0xFF] {
        var changed = bytes
        changed[place] ^= flip
        guard let head = try? HeadFile(sealed(changed)) else {
          refused += 1
          continue
        }
        accepted += 1
        let scores = try? head.scores(features)
        #expect(scores == nil || scores?[0].count == 2)
        if place < 320, let merged = try? head.merged(into: backbone.bytes) { _ = try ModelRunner(merged) }
      }
    }
    #expect(refused > 300 && accepted > 100, "\(refused) refused, \(accepted) accepted")
  }

  private func sealed(_ bytes: [UInt8]) -> [UInt8] {
    let memory = AlignedBytes(copying: bytes)
    HeadHeader.seal(memory.buffer)
    return Array(memory.buffer[..<bytes.count])
  }
}

import Testing

@testable import Martlet

/// UTF-8 as Swift's own library sees it.
@Suite struct TextTests {
  private func isWellFormed(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { Text(bytes: $0).isWellFormed } }

  /// Every lead byte with every second byte, and what may follow: accepted exactly where the library accepts it, but for zeros.
  @Test func everySequence() {
    var accepted = 0
    for lead in UInt8(0x7F)...0xFF {
      for second in UInt8.min...0xFF {
        for tail: [UInt8] in [[], [0x80], [0xC0], [0xBF, 0x80], [0x80, 0x7F]] {
          let bytes = [lead, second] + tail
          let expected = String(validating: bytes, as: UTF8.self) != nil && !bytes.contains(0)
          #expect(isWellFormed(bytes) == expected, "\(bytes)")
          accepted += expected ? 1 : 0
        }
      }
    }
    #expect(accepted > 4000)
    #expect(isWellFormed([]) && isWellFormed([0x41]) && !isWellFormed([0]) && !isWellFormed([0xC3]))
  }

  /// A name may not begin or end inside a code point.
  @Test func namesAreCutBetweenCodePoints() {
    var writer = SampleModels.threeOperators()
    let first = UInt32(writer.text.count)
    writer.text += Array("é§".utf8)
    for (offset, count, isSound) in [
      (UInt32(0), UInt32(4), true), (0, 2, true), (2, 2, true), (1, 3, false), (0, 1, false), (0, 3, false),
      (3, 1, false),
    ] {
      for isTensor in [true, false] {
        var changed = writer
        let name = Extent(offset: first + offset, bytes: count)
        if isTensor { changed.tensors[1].name = name } else { changed.operators[1].name = name }
        #expect(fault(verifying: changed.bytes())?.code == (isSound ? nil : .text), "\(offset) \(count)")
      }
    }
  }
}

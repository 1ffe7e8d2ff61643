import Foundation
import Graph
import Testing

@testable import Compiler

struct FittedScalesTests {
  private static let rule = Quantization(scale: 0.1, zeroPoint: 0)

  private static func fitted(_ wanted: [Float], dividedBy scale: Float) -> Float {
    var scales = FittedScales(channels: 1)
    scales.add(wanted, wanted.map { Int32(($0 / scale / rule.scale).rounded(.toNearestOrEven)) }, rule)
    return scales.values(hasOffsets: false)[0].scale
  }

  /// Values of less than a step are one step or none: that says nothing about what they were divided by.
  @Test func roundingIsNoScale() {
    #expect(Self.fitted([0, 0.06, 0, 0.055, 0, 0.01, 0.07], dividedBy: 1) == 1)
    #expect(Self.fitted([0, 0.14, 0, 0.149, 0, 0.14], dividedBy: 1) == 1)
  }

  @Test(arguments: [-8, -3, -1, 0, 1, 2, 5, 12])
  func scalesOfEqualizationAreFound(quarters: Int) {
    let scale = channelScale(near: exp2(Double(quarters) / 4))
    let wanted = (1...20).map { Float($0) * 0.25 * scale }
    #expect(Self.fitted(wanted, dividedBy: scale) == scale)
  }
}

import Graph
import Testing

@testable import Compiler

struct ActivationQuantizationTests {
  @Test func coversItsRangeAndZeroExactly() {
    var random = SeededGenerator(1)
    for _ in 0..<2000 {
      let exponent = Float.random(in: -20...20, using: &random)
      let magnitude = powerOfTen(exponent)
      let a = Float.random(in: -1...1, using: &random) * magnitude
      let b = Float.random(in: -1...1, using: &random) * magnitude
      let range = min(a, b)...max(a, b)
      let rule = Quantization(covering: range)
      #expect((-128...127).contains(rule.zeroPoint))
      #expect(rule.real(Int8(rule.zeroPoint)) == 0)
      #expect(rule.range.lowerBound <= range.lowerBound + abs(range.lowerBound) * 1e-6)
      #expect(rule.range.upperBound >= range.upperBound - abs(range.upperBound) * 1e-6)
      let width = max(0, range.upperBound) - min(0, range.lowerBound)
      #expect(rule.scale <= width / 255 * 1.01)
    }
  }

  @Test func knownRules() {
    #expect(Quantization(covering: 0...255) == Quantization(scale: 1, zeroPoint: -128))
    #expect(Quantization(covering: -255...0) == Quantization(scale: 1, zeroPoint: 127))
    #expect(Quantization(covering: 0...0).scale == 1)
    #expect(Quantization(covering: 2...25.5).zeroPoint == -128)
  }

  @Test(
    arguments: [0...1e-38, -Float.leastNonzeroMagnitude...0, -Float.infinity...Float.infinity] as [ClosedRange<Float>])
  func extremesStayUsable(range: ClosedRange<Float>) {
    let rule = Quantization(covering: range)
    #expect(rule.scale.isNormal && rule.scale > 0 && (1 / rule.scale).isNormal)
    #expect((-128...127).contains(rule.zeroPoint))
  }

  private func powerOfTen(_ exponent: Float) -> Float {
    var result: Float = 1
    for _ in 0..<Int(abs(exponent)) { result *= exponent < 0 ? 0.1 : 10 }
    return result
  }
}

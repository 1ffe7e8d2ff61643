import Graph
import Testing

@testable import Compiler

struct CalibrationMethodTests {
  static let methods: [CalibrationMethod] = [.minMax, .percentile(99.9), .meanSquaredError, .kullbackLeibler]

  @Test(arguments: methods) func namesAreReadBack(method: CalibrationMethod) {
    #expect(CalibrationMethod(method.description) == method)
  }

  @Test func unknownNamesAreRefused() {
    for text in ["", "max", "percentile-", "percentile-0", "percentile-101", "percentile-x"] {
      #expect(CalibrationMethod(text) == nil)
    }
  }

  @Test(arguments: methods) func emptyAndConstantRanges(method: CalibrationMethod) {
    var histogram = Histogram()
    #expect(method.range(of: histogram) == 0...0)
    histogram.add([0, 0, 0])
    #expect(method.range(of: histogram) == 0...0)
    histogram.add(Array(repeating: 2.5, count: 10))
    let range = method.range(of: histogram)
    #expect(range.lowerBound == 0 && range.upperBound == 2.5)
  }

  @Test(arguments: methods) func uniformValuesKeepTheirRange(method: CalibrationMethod) {
    var random = SeededGenerator(3)
    var histogram = Histogram()
    histogram.add((0..<50_000).map { _ in Float.random(in: -1...3, using: &random) })
    let range = method.range(of: histogram)
    #expect(range.lowerBound < -0.97 && range.lowerBound >= -1)
    #expect(range.upperBound > 2.95 && range.upperBound <= 3)
  }

  @Test func rareOutlierIsCutByPercentileAndSquaredError() {
    var random = SeededGenerator(4)
    var histogram = Histogram()
    let values = (0..<50_000).map { _ in random.nextNormal() }
    for _ in 0..<20 { histogram.add(values) }
    histogram.add([30])
    #expect(CalibrationMethod.minMax.range(of: histogram).upperBound == 30)
    for method in [CalibrationMethod.percentile(99.9), .meanSquaredError] {
      let range = method.range(of: histogram)
      #expect(range.upperBound < 15, "\(method)")
      #expect(range.upperBound > 3 && range.lowerBound < -3, "\(method)")
    }
  }

  @Test func divergenceCutsALongThinTail() {
    var random = SeededGenerator(6)
    var histogram = Histogram()
    histogram.add((0..<100_000).map { _ in abs(random.nextNormal()) } + [20, 40, 60, 80, 100])
    let range = CalibrationMethod.kullbackLeibler.range(of: histogram)
    #expect(range.lowerBound == 0)
    #expect(range.upperBound < 60)
    #expect(range.upperBound > 4)
  }

  /// The range found is compared with the error measured by quantizing every value, over many symmetric ranges.
  @Test func meanSquaredErrorFindsTheMeasuredOptimum() {
    var random = SeededGenerator(5)
    // A product of normal values has heavy tails, so that clipping pays.
    let values = (0..<20_000).map { _ -> Float in
      var product: Float = 1
      for _ in 0..<2 { product *= random.nextNormal() }
      return product
    }
    var histogram = Histogram()
    histogram.add(values)
    func measured(_ range: ClosedRange<Float>) -> Double {
      let rule = Quantization(covering: range)
      return values.reduce(0.0) { sum, value in
        let error = Double(value - rule.real(rule.quantize(value)))
        return sum + error * error
      }
    }
    let found = measured(CalibrationMethod.meanSquaredError.range(of: histogram))
    let whole = histogram.minimum...histogram.maximum
    for part in 1...20 {
      let share = Float(part) / 20
      let candidate = (whole.lowerBound * share)...(whole.upperBound * share)
      #expect(found <= measured(candidate) * 1.01, "a range of \(share) is better")
    }
  }

  @Test func percentileCutsTheShareItSays() {
    var histogram = Histogram()
    histogram.add((1...1000).map(Float.init))
    let range = CalibrationMethod.percentile(98).range(of: histogram)
    #expect(range.lowerBound == 0)
    #expect(abs(range.upperBound - 990) <= 2)
  }
}

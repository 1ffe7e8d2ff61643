import Testing

@testable import Compiler

struct HistogramTests {
  @Test func doesNotDependOnTheOrderOrTheBatches() {
    var random = SeededGenerator(1)
    var values = (0..<5000).map { _ in random.nextNormal() * 3 }
    values += [100, -700, 0, 0, 1e-20, .infinity, .nan]
    var whole = Histogram()
    whole.add(values)
    var parts = Histogram()
    values.shuffle(using: &random)
    for start in stride(from: 0, to: values.count, by: 7) {
      parts.add(Array(values[start..<min(start + 7, values.count)]))
    }
    #expect(whole == parts)
    #expect(whole.finiteCount == 5005)
    #expect(whole.nonFiniteCount == 2)
    #expect(whole.zeroCount == 2)
    #expect(whole.minimum == -700 && whole.maximum == 100)
  }

  @Test func countsEachValueInItsBin() {
    var histogram = Histogram()
    histogram.add([2047.5, -3.25, 1, 1.5])
    #expect(histogram.binWidth == 1)
    let side = Histogram.binsPerSide
    #expect(histogram.counts[side + 2047] == 1)
    #expect(histogram.counts[side - 4] == 1)
    #expect(histogram.counts[side + 1] == 2)
    histogram.add([2048])
    #expect(histogram.binWidth == 2)
    #expect(histogram.counts[side - 2] == 1)
    #expect(histogram.counts[side] == 2)
  }

  @Test(arguments: [Float.leastNonzeroMagnitude, 1e-30, 1e30, .greatestFiniteMagnitude])
  func holdsExtremes(value: Float) {
    var histogram = Histogram()
    histogram.add([value, -value])
    #expect(histogram.finiteCount == 2)
    #expect(histogram.maximum == value && histogram.minimum == -value)
  }
}

import Testing

@testable import Graph

@Suite struct PoolingTests {
  @Test(arguments: 0..<120) func equalsDefinition(seed: Int) throws {
    var random = SeededGenerator(seed)
    let window = Size2D(random.size(1...4), random.size(1...4))
    let stride = Size2D(random.size(1...4), random.size(1...4))
    let dilation = Size2D(random.size(1...2), random.size(1...2))
    let padding = Padding2D(
      top: random.size(0...(window.height - 1)), left: random.size(0...(window.width - 1)),
      bottom: random.size(0...(window.height - 1)), right: random.size(0...(window.width - 1)))
    let roundsUp = random.size(0...1) == 1
    let image = random.tensor([
      random.size(1...2), (window.height - 1) * dilation.height + random.size(1...9),
      (window.width - 1) * dilation.width + random.size(1...9), random.size(1...20),
    ])
    let maximum = MaxPool2D(window: window, stride: stride, dilation: dilation, padding: padding, roundsUp: roundsUp)
    let expected = Definition.pool(
      image, output: try maximum.outputShapes([image.shape])[0], window: window, stride: stride, dilation: dilation,
      padding: padding
    ) { values, _ in values.max() ?? -.greatestFiniteMagnitude }
    #expect(maximum.evaluate([image], on: Workers(count: 2))[0] == expected)
    for countsPadding in [false, true] {
      let average = AveragePool2D(
        window: window, stride: stride, padding: padding, countsPadding: countsPadding, roundsUp: roundsUp)
      let expected = Definition.pool(
        image, output: try average.outputShapes([image.shape])[0], window: window, stride: stride, dilation: .one,
        padding: padding
      ) { values, padded in values.reduce(0, +) / Float(countsPadding ? padded : max(1, values.count)) }
      #expect(relativeError(average.evaluate([image], on: Workers(count: 2))[0], expected) < 1e-5)
    }
  }

  /// A row of five, windows of two in steps of two: rounding up adds the window that hangs over the end.
  @Test func roundingUpAddsTheLastWindow() throws {
    let image = Tensor(shape: [1, 1, 5, 1], values: [1, 2, 3, 4, 5])
    let down = MaxPool2D(window: Size2D(1, 2), stride: Size2D(1, 2))
    let up = MaxPool2D(window: Size2D(1, 2), stride: Size2D(1, 2), roundsUp: true)
    #expect(down.evaluate([image], on: Workers(count: 1))[0].values == [2, 4])
    #expect(up.evaluate([image], on: Workers(count: 1))[0].values == [2, 4, 5])
    let average = AveragePool2D(window: Size2D(1, 2), stride: Size2D(1, 2), countsPadding: true, roundsUp: true)
    #expect(average.evaluate([image], on: Workers(count: 1))[0].values == [1.5, 3.5, 5])
  }

  /// A last window that would begin in the padding after the image does not exist.
  @Test func roundingUpNeverBeginsInThePaddingBehind() throws {
    let pool = MaxPool2D(
      window: Size2D(1, 2), stride: Size2D(1, 3), padding: Padding2D(top: 0, left: 0, bottom: 0, right: 1),
      roundsUp: true)
    #expect(try pool.outputShapes([[1, 1, 3, 1]]) == [[1, 1, 1, 1]])
  }

  @Test func paddingCountsOnlyWhenAsked() {
    let image = Tensor(shape: [1, 1, 2, 1], values: [4, 8])
    let padding = Padding2D(top: 0, left: 1, bottom: 0, right: 1)
    let counting = AveragePool2D(window: Size2D(1, 2), padding: padding, countsPadding: true)
    let ignoring = AveragePool2D(window: Size2D(1, 2), padding: padding)
    #expect(counting.evaluate([image], on: Workers(count: 1))[0].values == [2, 6, 4])
    #expect(ignoring.evaluate([image], on: Workers(count: 1))[0].values == [4, 6, 8])
  }
}

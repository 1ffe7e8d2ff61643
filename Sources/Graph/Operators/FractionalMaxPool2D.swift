/// The largest element of each window of a partition of the image into windows of two sizes, which lie differently in each
/// step of training (Graham 2014, disjoint windows): an image shrinks by any factor between 1 and 2. Otherwise the windows
/// are as even as can be.
///
/// Input: image [N,H,W,C]. There is no int8 form: a network that was trained with it runs with a MaxPool2D in its place.
public struct FractionalMaxPool2D: RandomOperator {
  /// "FractionalMaxPool2D".
  public static var kind: String { "FractionalMaxPool2D" }
  /// Rows and columns of the result.
  public var size: Size2D

  /// A pooling to this size.
  public init(size: Size2D) { self.size = size }

  /// [N, size, C].
  /// - Throws: `GraphError` when the result is larger than the image, or less than half as large.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "image")
    try expectImage(inputs[0])
    try expectDrawable(inputs[0])
    try expect(size.height, in: (inputs[0][1] + 1) / 2...inputs[0][1], "the height")
    try expect(size.width, in: (inputs[0][2] + 1) / 2...inputs[0][2], "the width")
    return [[inputs[0][0], size.height, size.width, inputs[0][3]]]
  }

  /// Of `input` elements, `output` ranges of one or two, in the order in which `isLong` says so.
  private func ranges(_ output: Int, _ isLong: (Int) -> Bool) -> [Range<Int>] {
    var first = 0
    return (0..<output).map { index in
      let range = first..<first + (isLong(index) ? 2 : 1)
      first = range.upperBound
      return range
    }
  }

  private func evenRanges(_ input: Int, _ output: Int) -> [Range<Int>] {
    (0..<output).map { $0 * input / output..<($0 + 1) * input / output }
  }

  private func randomRanges(_ input: Int, _ output: Int, _ random: inout SplitMix64) -> [Range<Int>] {
    let long = Set(random.permutation(output).prefix(input - output))
    return ranges(output) { long.contains($0) }
  }

  private func windows(_ image: [Int]) -> DrawnWindows {
    DrawnWindows(image: image, rows: evenRanges(image[1], size.height), columns: evenRanges(image[2], size.width))
  }

  private func largest(_ x: Tensor, _ windows: DrawnWindows) -> Tensor {
    windows.map { places in
      Float(places.dropFirst().reduce(places[0]) { x.values[$1] > x.values[$0] ? $1 : $0 })
    }
  }

  /// The maxima of even windows.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    [largest(inputs[0], windows(inputs[0].shape)).elements(of: inputs[0])]
  }

  /// Each gradient goes to its window's maximum.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    return [largest(inputs[0], windows(inputs[0].shape)).spread(gradient, over: inputs[0]) { _ in true }]
  }

  /// The maxima of random windows, and their places.
  public func evaluateInTraining(
    _ x: Tensor, random: inout SplitMix64, on workers: Workers
  ) -> (output: Tensor, drawn: Tensor) {
    let rows = randomRanges(x.shape[1], size.height, &random)
    let columns = randomRanges(x.shape[2], size.width, &random)
    let drawn = largest(x, DrawnWindows(image: x.shape, rows: rows, columns: columns))
    return (drawn.elements(of: x), drawn)
  }

  /// The gradient at the maxima's places.
  public func gradientInTraining(_ x: Tensor, drawn: Tensor, _ gradient: Tensor, on workers: Workers) -> Tensor {
    drawn.spread(gradient, over: x) { _ in true }
  }
}

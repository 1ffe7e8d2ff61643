/// Takes one element of each window, drawn by its share of the window's sum, in training; otherwise the mean weighted by
/// these shares, Σ a² / Σ a (Zeiler and Fergus 2013). Elements below 0 count as 0, and a window of zeros gives 0.
///
/// Input: image [N,H,W,C]. There is no int8 form: a network that was trained with it runs with an AveragePool2D or
/// MaxPool2D in its place, or with the quotient of two averages.
public struct StochasticPool2D: RandomOperator {
  /// "StochasticPool2D".
  public static var kind: String { "StochasticPool2D" }
  /// Taps of the window.
  public var window: Size2D
  /// Input pixels from an output pixel to the next.
  public var stride: Size2D

  /// A stochastic pooling with these attributes.
  public init(window: Size2D, stride: Size2D) { (self.window, self.stride) = (window, stride) }

  /// [N,OH,OW,C].
  /// - Throws: `GraphError` when the window does not fit.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "image")
    let geometry = try Window2D(image: inputs[0], window: window, stride: stride, padding: .zero)
    try expectDrawable(inputs[0])
    return [[inputs[0][0], geometry.outputHeight, geometry.outputWidth, inputs[0][3]]]
  }

  private func windows(_ image: [Int]) -> DrawnWindows {
    let geometry = Window2D(uncheckedImage: image, window, stride, .one, .zero)
    return DrawnWindows(
      image: image,
      rows: (0..<geometry.outputHeight).map { $0 * stride.height..<$0 * stride.height + window.height },
      columns: (0..<geometry.outputWidth).map { $0 * stride.width..<$0 * stride.width + window.width })
  }

  /// Σ a² / Σ a.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let values = inputs[0].values
    return [
      windows(inputs[0].shape).map { places in
        let (sum, squares) = StochasticPool2D.sums(values, places)
        return sum > 0 ? squares / sum : 0
      }
    ]
  }

  private static func sums(_ values: [Float], _ places: [Int]) -> (sum: Float, squares: Float) {
    var (sum, squares): (Float, Float) = (0, 0)
    for place in places where values[place] > 0 {
      sum += values[place]
      squares += values[place] * values[place]
    }
    return (sum, squares)
  }

  /// (2 · a − y) / Σ a for each element above 0.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    guard wanted[0] else { return [nil] }
    let values = inputs[0].values
    var result = Tensor(shape: inputs[0].shape)
    windows(inputs[0].shape).forEach { number, places in
      let (sum, squares) = StochasticPool2D.sums(values, places)
      for place in places where values[place] > 0 {
        result.values[place] += gradient.values[number] * (2 * values[place] - squares / sum) / sum
      }
    }
    return [result]
  }

  /// The drawn elements, and their places.
  public func evaluateInTraining(
    _ x: Tensor, random: inout SplitMix64, on workers: Workers
  ) -> (output: Tensor, drawn: Tensor) {
    var generator = random
    let drawn = windows(x.shape).map { places in
      let share = Float(generator.next() >> 40) / 16_777_216
      var left = share * StochasticPool2D.sums(x.values, places).sum
      var last = places[0]
      for place in places where x.values[place] > 0 {
        last = place
        left -= x.values[place]
        if left < 0 { break }
      }
      return Float(last)
    }
    random = generator
    return (drawn.elements(of: x, atLeast: 0), drawn)
  }

  /// The gradient at the drawn places.
  public func gradientInTraining(_ x: Tensor, drawn: Tensor, _ gradient: Tensor, on workers: Workers) -> Tensor {
    drawn.spread(gradient, over: x) { $0 > 0 }
  }
}

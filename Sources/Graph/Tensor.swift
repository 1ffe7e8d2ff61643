/// A dense float32 tensor, row-major: the last dimension is adjacent in memory.
public struct Tensor: Equatable, Sendable {
  /// Sizes, outermost first. Images are N×H×W×C, convolution weights OC×KH×KW×IC.
  public var shape: [Int]
  /// `shape` product elements.
  public var values: [Float]

  /// A tensor of these values; `values.count` must be the product of `shape`.
  public init(shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "a tensor's values must fill its shape")
    self.shape = shape
    self.values = values
  }

  /// A tensor filled with one value.
  public init(shape: [Int], repeating value: Float = 0) {
    self.shape = shape
    self.values = Array(repeating: value, count: shape.reduce(1, *))
  }

  /// Number of elements.
  public var count: Int { values.count }
}

import Graph

/// Example inputs that a network is calibrated and checked with. They may be asked for several times.
public struct CalibrationData: Sendable {
  /// How many examples there are.
  public let count: Int
  private let load: @Sendable (Int) throws -> [Tensor]

  /// `count` examples; `load` gives the network's inputs of one of them, each of the shape that the network states.
  public init(count: Int, load: @escaping @Sendable (Int) throws -> [Tensor]) {
    self.count = count
    self.load = load
  }

  /// Examples of a network with one input.
  public init(_ tensors: [Tensor]) {
    self.init(count: tensors.count) { [tensors[$0]] }
  }

  /// The network's inputs of example number `index`.
  public func inputs(_ index: Int) throws -> [Tensor] { try load(index) }
}

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

extension CalibrationData {
  /// The same examples in an order that follows from what they hold: what is made of them then does not depend on the
  /// order in which they were given.
  func inOrderOfContents() throws -> CalibrationData {
    var hashes: [UInt64] = []
    for example in 0..<count {
      var hash = FowlerNollVoHash()
      for tensor in try inputs(example) { hash.add(tensor) }
      hashes.append(hash.value)
    }
    let order = (0..<count).sorted { (hashes[$0], $0) < (hashes[$1], $1) }
    return CalibrationData(count: count) { try self.inputs(order[$0]) }
  }
}

extension FowlerNollVoHash {
  /// Adds the bits of each value, as one number.
  mutating func add(_ tensor: Tensor) {
    tensor.values.withUnsafeBufferPointer { values in
      for value in values { add(word: UInt64(value.bitPattern)) }
    }
  }
}

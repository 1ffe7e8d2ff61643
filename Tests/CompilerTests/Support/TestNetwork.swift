import Graph

@testable import Compiler

/// Builds small float networks with random constants.
struct TestNetwork {
  var graph: Graph
  var random: SeededGenerator
  private var layers = 0

  init(_ seed: UInt64 = 1) {
    graph = Graph(name: "test")
    random = SeededGenerator(seed)
  }

  mutating func tensor(_ shape: [Int], scale: Float = 1) -> Tensor {
    Tensor(shape: shape, values: (0..<shape.reduce(1, *)).map { _ in random.nextNormal() * scale })
  }

  mutating func input(_ shape: [Int]) -> ValueID { graph.addInput("input\(graph.inputs.count)", shape: shape) }

  mutating func constant(_ shape: [Int], scale: Float = 1) -> ValueID {
    graph.addConstant("constant", tensor(shape, scale: scale))
  }

  mutating func apply(_ operation: any Operator, _ inputs: ValueID...) throws -> ValueID {
    try apply(operation, inputs)
  }

  mutating func apply(_ operation: any Operator, _ inputs: [ValueID]) throws -> ValueID {
    layers += 1
    return try graph.append(operation, inputs, name: "\(operation.kind.lowercased())\(layers)")[0]
  }

  mutating func conv(
    _ x: ValueID, to channels: Int, kernel: Int = 3, stride: Int = 1, padding: Int = 1, groups: Int = 1
  ) throws -> ValueID {
    let depth = graph[x].shape[3] / groups
    let scale = 1 / Float(kernel * kernel * depth).squareRoot()
    return try apply(
      Conv2D(
        stride: Size2D(stride, stride),
        padding: Padding2D(top: padding, left: padding, bottom: padding, right: padding), groups: groups),
      x, constant([channels, kernel, kernel, depth], scale: scale), constant([channels], scale: 0.1))
  }

  mutating func depthwise(_ x: ValueID, stride: Int = 1, padding: Int = 1) throws -> ValueID {
    let channels = graph[x].shape[3]
    return try apply(
      DepthwiseConv2D(
        stride: Size2D(stride, stride),
        padding: Padding2D(top: padding, left: padding, bottom: padding, right: padding)),
      x, constant([3, 3, channels], scale: 0.3), constant([channels], scale: 0.1))
  }

  mutating func fullyConnected(_ x: ValueID, to outputs: Int) throws -> ValueID {
    let depth = graph[x].shape.last!
    return try apply(
      FullyConnected(), x, constant([outputs, depth], scale: 1 / Float(depth).squareRoot()),
      constant([outputs], scale: 0.1))
  }

  mutating func batchNormalization(_ x: ValueID, zeroShift: Bool = false) throws -> ValueID {
    let channels = graph[x].shape.last!
    let variance = Tensor(
      shape: [channels], values: (0..<channels).map { _ in Float.random(in: 0.1...2, using: &random) })
    let zeros = graph.addConstant("zeros", Tensor(shape: [channels]))
    return try apply(
      BatchNormalization(epsilon: 1e-5), x, constant([channels]), zeroShift ? zeros : constant([channels], scale: 0.3),
      zeroShift ? zeros : constant([channels], scale: 0.3), graph.addConstant("variance", variance))
  }

  /// Random inputs of the graph.
  mutating func inputs() -> [Tensor] {
    graph.inputs.map { tensor(graph[$0].shape) }
  }

  /// Examples for calibration.
  mutating func examples(_ count: Int) -> CalibrationData {
    let examples = (0..<count).map { _ in inputs() }
    return CalibrationData(count: count) { examples[$0] }
  }

  /// How many nodes of a kind are left.
  static func count(_ kind: String, in graph: Graph) -> Int { graph.nodes.count { $0.operation.kind == kind } }
}

/// The largest difference between two networks' outputs on random inputs, relative to the largest output.
func relativeDifference(_ a: Graph, _ b: Graph, seed: UInt64 = 99) throws -> Float {
  var random = SeededGenerator(seed)
  var largest: Float = 0
  var difference: Float = 0
  for _ in 0..<3 {
    let inputs = a.inputs.map { id in
      Tensor(shape: a[id].shape, values: (0..<a[id].shape.reduce(1, *)).map { _ in random.nextNormal() })
    }
    for (x, y) in zip(try a.evaluate(inputs: inputs), try b.evaluate(inputs: inputs)) {
      guard x.count == y.count else { return .infinity }
      for (p, q) in zip(x.values, y.values) {
        largest = max(largest, abs(p))
        difference = max(difference, abs(p - q))
      }
    }
  }
  return difference / max(largest, 1e-20)
}

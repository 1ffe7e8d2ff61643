import Graph
import Testing

@testable import Compiler

struct CleanTests {
  /// Cleans, expects the same answers, and gives back the kinds that are left.
  private func cleaned(_ network: TestNetwork, tolerance: Float = 1e-5) throws -> [String] {
    var graph = network.graph
    try clean(&graph)
    #expect(try relativeDifference(network.graph, graph) <= tolerance)
    return graph.nodes.map(\.operation.kind)
  }

  @Test func identitiesVanish() throws {
    var network = TestNetwork()
    var x = network.input([1, 4, 4, 3])
    x = try network.conv(x, to: 3)
    x = try network.apply(Reshape(shape: [1, 4, 4, 3]), x)
    x = try network.apply(Transpose(permutation: [0, 1, 2, 3]), x)
    x = try network.apply(Slice(begin: [0, 0, 0, 0], size: [1, 4, 4, 3], step: [1, 1, 1, 1]), x)
    x = try network.apply(Pad(before: [0, 0, 0, 0], after: [0, 0, 0, 0]), x)
    x = try network.apply(Activation(.clip(low: -.infinity, high: .infinity)), x)
    x = try network.apply(MaxPool2D(window: .one), x)
    x = try network.apply(AveragePool2D(window: .one), x)
    x = try network.apply(Concat(axis: 3), x)
    let ones = network.graph.addConstant("ones", Tensor(shape: [3], repeating: 1))
    let zeros = network.graph.addConstant("zeros", Tensor(shape: [3]))
    x = try network.apply(BatchNormalization(epsilon: 0), x, ones, zeros, zeros, ones)
    network.graph.outputs = [x]
    #expect(try cleaned(network) == ["Conv2D"])
  }

  @Test func identityFromInputToOutputStays() throws {
    var network = TestNetwork()
    let x = network.input([1, 2, 2, 1])
    network.graph.outputs = [try network.apply(Reshape(shape: [1, 2, 2, 1]), x)]
    #expect(try cleaned(network) == ["Reshape"])
  }

  @Test func redundantClampsVanishAndOthersMerge() throws {
    var network = TestNetwork()
    var x = network.input([1, 4, 4, 3])
    x = try network.apply(Activation(.sigmoid), x)
    x = try network.apply(Activation(.relu), x)
    x = try network.apply(MaxPool2D(window: Size2D(2, 2)), x)
    x = try network.apply(Activation(.clip(low: -1, high: 1)), x)
    x = try network.apply(Activation(.clip(low: 0.2, high: 0.9)), x)
    x = try network.apply(Activation(.clip(low: 0.5, high: 3)), x)
    network.graph.outputs = [x]
    #expect(try cleaned(network) == ["Activation", "MaxPool2D", "Activation"])
  }

  @Test func constantsFoldAndDeadNodesGo() throws {
    var network = TestNetwork()
    let x = network.input([1, 4, 4, 3])
    let a = try network.apply(Reshape(shape: [3, 1, 1, 12]), network.constant([3, 12]))
    let weights = try network.apply(Slice(begin: [0, 0, 0, 0], size: [3, 1, 1, 3], step: [1, 1, 1, 4]), a)
    let y = try network.apply(Conv2D(), x, weights, network.constant([3]))
    _ = try network.conv(y, to: 5)
    network.graph.outputs = [y]
    #expect(try cleaned(network) == ["Conv2D"])
  }

  @Test func inverseTransposesCancelAcrossElementwise() throws {
    var network = TestNetwork()
    let x = network.input([1, 4, 5, 3])
    let a = try network.apply(Transpose(permutation: [0, 3, 1, 2]), x)
    let b = try network.apply(Transpose(permutation: [0, 3, 1, 2]), try network.conv(x, to: 3))
    var y = try network.apply(Add(), try network.apply(Activation(.sigmoid), a), b)
    y = try network.apply(Concat(axis: 1), y, try network.apply(Transpose(permutation: [0, 3, 1, 2]), x))
    y = try network.apply(Pad(before: [0, 0, 1, 2], after: [0, 0, 3, 0], value: 1), y)
    y = try network.apply(Slice(begin: [0, 1, 0, 0], size: [1, 4, 6, 3], step: [1, 1, 1, 2]), y)
    network.graph.outputs = [try network.apply(Transpose(permutation: [0, 2, 3, 1]), y)]
    let kinds = try cleaned(network)
    #expect(!kinds.contains("Transpose"))
    #expect(kinds.sorted() == ["Activation", "Add", "Concat", "Conv2D", "Pad", "Slice"])
  }

  @Test func mergesNeighbours() throws {
    var network = TestNetwork()
    var x = network.input([1, 4, 6, 3])
    x = try network.apply(Pad(before: [0, 1, 0, 0], after: [0, 0, 2, 0], value: 2), x)
    x = try network.apply(Pad(before: [0, 0, 1, 0], after: [0, 3, 0, 0], value: 2), x)
    x = try network.apply(Slice(begin: [0, 7, 1, 0], size: [1, 4, 6, 3], step: [1, -2, 1, 1]), x)
    x = try network.apply(Slice(begin: [0, 0, 5, 1], size: [1, 2, 3, 2], step: [1, 2, -2, 1]), x)
    x = try network.apply(Transpose(permutation: [0, 2, 1, 3]), x)
    x = try network.apply(Transpose(permutation: [0, 3, 1, 2]), x)
    x = try network.batchNormalization(x)
    x = try network.batchNormalization(x)
    x = try network.apply(Reshape(shape: [1, 12]), x)
    x = try network.apply(Reshape(shape: [1, 2, 6]), x)
    network.graph.outputs = [x]
    #expect(try cleaned(network) == ["Pad", "Slice", "Transpose", "BatchNormalization", "Reshape"])
  }

  @Test func transposeOfSingleAxesIsAReshape() throws {
    var network = TestNetwork()
    let x = network.input([1, 1, 1, 8])
    network.graph.outputs = [try network.apply(Transpose(permutation: [0, 3, 1, 2]), x)]
    #expect(try cleaned(network) == ["Reshape"])
  }

  @Test func channelFirstFlattenEndsInTheWeights() throws {
    var network = TestNetwork()
    var x = network.input([1, 4, 5, 3])
    x = try network.conv(x, to: 6)
    x = try network.apply(Transpose(permutation: [0, 3, 1, 2]), x)
    x = try network.apply(Reshape(shape: [1, 120]), x)
    x = try network.apply(Activation(.relu), x)
    network.graph.outputs = [try network.fullyConnected(x, to: 7)]
    #expect(try cleaned(network) == ["Conv2D", "Activation", "Reshape", "FullyConnected"])
  }
}

import Graph
import Testing

@testable import Compiler

struct FoldTests {
  private func simplified(_ network: TestNetwork, tolerance: Float = 1e-4) throws -> [String] {
    var graph = network.graph
    try simplify(&graph)
    #expect(try relativeDifference(network.graph, graph) <= tolerance)
    return graph.nodes.map(\.operation.kind)
  }

  @Test func foldsIntoEachKindOfLayerBefore() throws {
    var network = TestNetwork(3)
    var x = network.input([1, 6, 6, 4])
    x = try network.batchNormalization(try network.conv(x, to: 8, groups: 2))
    x = try network.apply(Activation(.sigmoid), x)
    x = try network.batchNormalization(try network.depthwise(x))
    x = try network.apply(Activation(.relu), x)
    x = try network.apply(Reshape(shape: [1, 288]), x)
    x = try network.batchNormalization(try network.fullyConnected(x, to: 5))
    network.graph.outputs = [x]
    #expect(try simplified(network) == ["Conv2D", "Activation", "DepthwiseConv2D", "Reshape", "FullyConnected"])
  }

  @Test(arguments: [1, 2]) func foldsIntoALayerAfterWithoutPadding(groups: Int) throws {
    var network = TestNetwork(4)
    var x = network.input([1, 6, 6, 4])
    x = try network.conv(try network.batchNormalization(x), to: 8, padding: 0, groups: groups)
    x = try network.apply(Activation(.sigmoid), x)
    x = try network.depthwise(try network.batchNormalization(x), padding: 0)
    x = try network.apply(Activation(.sigmoid), x)
    x = try network.apply(Reshape(shape: [1, 32]), x)
    x = try network.fullyConnected(try network.batchNormalization(x), to: 5)
    network.graph.outputs = [x]
    #expect(!(try simplified(network).contains("BatchNormalization")))
  }

  @Test func paddedLayerAfterTakesOnlyAScale() throws {
    for zeroShift in [true, false] {
      var network = TestNetwork(5)
      let x = network.input([1, 6, 6, 4])
      network.graph.outputs = [try network.conv(try network.batchNormalization(x, zeroShift: zeroShift), to: 8)]
      #expect(try simplified(network) == (zeroShift ? ["Conv2D"] : ["BatchNormalization", "Conv2D"]))
    }
  }

  @Test func sharedValuesAreNotFolded() throws {
    var network = TestNetwork(6)
    let x = try network.conv(network.input([1, 6, 6, 4]), to: 4)
    let y = try network.batchNormalization(x)
    network.graph.outputs = [try network.apply(Multiply(), x, y)]
    #expect(try simplified(network) == ["Conv2D", "BatchNormalization", "Multiply"])
  }

  /// A constant channel in training: variance 0, negative, or no number. It must neither vanish others nor poison them.
  @Test(arguments: [Float(0), -1, .nan, .infinity, 1e-38]) func badVarianceStaysInItsChannel(variance: Float) throws {
    var network = TestNetwork(7)
    let x = try network.conv(network.input([1, 6, 6, 4]), to: 3)
    func constant(_ values: [Float]) -> ValueID { network.graph.addConstant("c", Tensor(shape: [3], values: values)) }
    let y = try network.apply(
      BatchNormalization(epsilon: 0), x, constant([1, 1, 1]), constant([0.5, 0.5, 0.5]), constant([0, 0, 0]),
      constant([1, variance, 1]))
    network.graph.outputs = [y]
    if variance == 1e-38 {
      // A factor of 10¹⁹ is a number, so it is kept; the other channels must still be right.
      var graph = network.graph
      try simplify(&graph)
      #expect(graph.nodes.count == 1)
    } else {
      #expect(try simplified(network) == ["Conv2D"])
    }
  }

  @Test func foldingInfiniteWeightsNamesTheLayer() throws {
    var network = TestNetwork(8)
    let x = network.input([1, 6, 6, 4])
    var weights = network.tensor([3, 3, 3, 4])
    weights.values[5] = .infinity
    let y = try network.apply(
      Conv2D(), x, network.graph.addConstant("weights", weights), network.constant([3]))
    network.graph.outputs = [try network.batchNormalization(y)]
    let error = #expect(throws: GraphError.self) {
      var graph = network.graph
      try simplify(&graph)
    }
    #expect(error?.description.contains("conv2d1") == true)
  }
}

import Graph
import Testing

@testable import Compiler

struct FuseTests {
  private func simplified(_ network: TestNetwork) throws -> Graph {
    var graph = network.graph
    try simplify(&graph)
    #expect(try relativeDifference(network.graph, graph) <= 1e-5)
    return graph
  }

  @Test func clampsFuseAndCompose() throws {
    var network = TestNetwork(1)
    var x = try network.conv(network.input([1, 6, 6, 4]), to: 4)
    x = try network.apply(Activation(.relu), x)
    x = try network.apply(Activation(.clip(low: -1, high: 0.5)), x)
    network.graph.outputs = [x]
    let graph = try simplified(network)
    #expect(graph.nodes.count == 1)
    #expect(graph.nodes[0].clamp == 0...0.5)
  }

  @Test func clampOfASharedOrVisibleValueStays() throws {
    var network = TestNetwork(2)
    let x = try network.conv(network.input([1, 6, 6, 4]), to: 4)
    let y = try network.apply(Activation(.relu), x)
    network.graph.outputs = [x, y]
    #expect(try simplified(network).nodes.count == 2)
  }

  @Test func clampMovesAboveMaximum() throws {
    var network = TestNetwork(3)
    var x = try network.conv(network.input([1, 6, 6, 4]), to: 4)
    x = try network.apply(MaxPool2D(window: Size2D(2, 2), stride: Size2D(2, 2)), x)
    network.graph.outputs = [try network.apply(Activation(.relu), x)]
    let graph = try simplified(network)
    #expect(graph.nodes.map(\.operation.kind) == ["Conv2D", "MaxPool2D"])
    #expect(graph.nodes[0].clamp == 0...Float.infinity)
  }

  @Test func zerosAroundFuseIntoEveryReaderThatAllowsIt() throws {
    var network = TestNetwork(4)
    let x = try network.apply(Activation(.sigmoid), network.input([1, 6, 6, 4]))
    let padded = try network.apply(Pad(before: [0, 1, 2, 0], after: [0, 2, 1, 0]), x)
    let a = try network.conv(padded, to: 4)
    let b = try network.depthwise(padded, padding: 1)
    let c = try network.apply(AveragePool2D(window: Size2D(3, 3), stride: Size2D(2, 2)), padded)
    let d = try network.apply(MaxPool2D(window: Size2D(3, 3), stride: Size2D(2, 2)), padded)
    network.graph.outputs = [a, b, c, d]
    #expect(TestNetwork.count("Pad", in: try simplified(network)) == 0)
  }

  @Test func paddingThatWouldWinAMaximumStays() throws {
    for (value, signed) in [(Float(0), true), (1, false)] {
      var network = TestNetwork(5)
      var x = network.input([1, 6, 6, 4])
      if !signed { x = try network.apply(Activation(.sigmoid), x) }
      x = try network.apply(Pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], value: value), x)
      network.graph.outputs = [try network.apply(MaxPool2D(window: Size2D(3, 3)), x)]
      #expect(TestNetwork.count("Pad", in: try simplified(network)) == 1)
    }
  }

  @Test func residualJoinsTheLaterConvolution() throws {
    var network = TestNetwork(6)
    let x = network.input([1, 6, 6, 4])
    let shortcut = try network.conv(x, to: 8, kernel: 1, padding: 0)
    let branch = try network.batchNormalization(try network.conv(x, to: 8))
    let sum = try network.apply(Add(), branch, shortcut)
    network.graph.outputs = [try network.apply(Activation(.relu), sum)]
    let graph = try simplified(network)
    #expect(graph.nodes.map(\.operation.kind) == ["Conv2D", "Conv2D"])
    #expect((graph.nodes[1].operation as? Conv2D)?.hasResidual == true)
    #expect(graph.nodes[1].clamp == 0...Float.infinity)
  }

  @Test func convolutionMovesBehindTheOtherBranch() throws {
    var network = TestNetwork(8)
    let x = network.input([1, 6, 6, 4])
    let branch = try network.conv(x, to: 4)
    let shortcut = try network.apply(Activation(.sigmoid), x)
    network.graph.outputs = [try network.apply(Add(), branch, shortcut)]
    #expect(try simplified(network).nodes.map(\.operation.kind) == ["Activation", "Conv2D"])
  }

  @Test func residualNeedsAConvolutionWithoutClampOrOtherReader() throws {
    var network = TestNetwork(7)
    let x = network.input([1, 6, 6, 4])
    let clamped = try network.apply(Activation(.relu), try network.conv(x, to: 4))
    let first = try network.apply(Add(), x, clamped)
    let shared = try network.conv(first, to: 4)
    let second = try network.apply(Add(), shared, first)
    network.graph.outputs = [try network.apply(Multiply(), second, shared)]
    #expect(TestNetwork.count("Add", in: try simplified(network)) == 2)
  }
}

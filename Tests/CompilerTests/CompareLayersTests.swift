import Graph
import Testing

@testable import Compiler

struct CompareLayersTests {
  @Test func everyStepIsComparedAndNear() throws {
    var network = try CompileTests.network()
    let data = network.examples(4)
    let model = try compile(network.graph, calibration: data)
    let layers = try compareLayers(network.graph, model.bytes, on: data)
    #expect(layers.map(\.name) == model.report.layers.map(\.name))
    for layer in layers {
      #expect(layer.signalToNoiseDecibels > 15, "\(layer.name)")
      #expect(layer.cosine > 0.98 && layer.cosine < 1.000001, "\(layer.name)")
      #expect(layer.maximumError >= 0 && layer.saturatedShare < 0.05, "\(layer.name)")
    }
  }

  @Test func aBrokenLayerIsVisible() throws {
    var network = try CompileTests.network()
    let data = network.examples(4)
    let model = try compile(network.graph, calibration: data)
    var changed = network.graph
    let weights = changed.nodes.first { $0.operation is DepthwiseConv2D }!.inputs[1]
    changed[weights].constant!.values = changed[weights].constant!.values.map { -$0 }
    let layers = try compareLayers(changed, model.bytes, on: data)
    let depthwise = layers.firstIndex { $0.kind == "DepthwiseConv2D" }!
    #expect(layers[depthwise].signalToNoiseDecibels < 5)
    #expect(layers[..<depthwise].allSatisfy { $0.signalToNoiseDecibels > 15 })
  }

  @Test func anotherNetworkIsRefused() throws {
    var network = try CompileTests.network()
    let data = network.examples(2)
    let model = try compile(network.graph, calibration: data)
    var other = TestNetwork(5)
    let x = other.input([1, 16, 16, 3])
    other.graph.outputs = try other.graph.append(Activation(.tanh), [x], name: "something else")
    #expect(throws: GraphError.self) { try compareLayers(other.graph, model.bytes, on: data) }
  }
}

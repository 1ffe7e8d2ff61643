import Graph
import Testing

@testable import Compiler

struct AbsorbBiasesTests {
  /// A layer behind a ReLU two of whose channels never come near 0, and what reads it: a layer with `padding`, and a
  /// global average before a fully connected one.
  private static func network(padding: Int = 0) throws -> TestNetwork {
    var network = TestNetwork(31)
    let x = network.input([1, 10, 10, 3])
    let first = try network.conv(x, to: 6)
    let bias = network.graph.nodes[0].inputs[2]
    network.graph[bias].constant!.values[1] = 60
    network.graph[bias].constant!.values[4] = 25
    let y = try network.apply(Activation(.relu), first)
    let z = try network.conv(y, to: 5, kernel: 3, padding: padding)
    let pooled = try network.apply(AveragePool2D(window: Size2D(10, 10)), try network.apply(MaxPool2D(window: .one), y))
    let flat = try network.apply(Reshape(shape: [1, 6]), pooled)
    network.graph.outputs = [z, try network.fullyConnected(flat, to: 4)]
    return network
  }

  private static func simplified(_ network: TestNetwork) throws -> Graph {
    var graph = network.graph
    try simplify(&graph)
    return graph
  }

  @Test func theFunctionStaysAndTheRangeShrinks() throws {
    var network = try Self.network()
    let data = network.examples(6)
    let plain = try Self.simplified(network)
    var absorbed = plain
    #expect(try absorbBiases(&absorbed, on: data, workers: Workers(count: 1)) == 2)
    func largest(_ graph: Graph) throws -> Float {
      var largest: Float = 0
      for example in 0..<6 {
        _ = try graph.evaluate(inputs: data.inputs(example)) { id, tensor in
          if id == graph.nodes[0].outputs[0] { largest = max(largest, tensor.values.reduce(0, max)) }
        }
      }
      return largest
    }
    #expect(try largest(absorbed) * 2 < largest(plain))
    for example in 0..<6 {
      let expected = try plain.evaluate(inputs: data.inputs(example))
      let found = try absorbed.evaluate(inputs: data.inputs(example))
      for (a, b) in zip(expected, found) {
        for (x, y) in zip(a.values, b.values) { #expect(abs(x - y) < 1e-3) }
      }
    }
  }

  @Test func paddingForbidsIt() throws {
    var network = try Self.network(padding: 1)
    var graph = try Self.simplified(network)
    #expect(try absorbBiases(&graph, on: network.examples(3), workers: Workers(count: 1)) == 0)
  }

  @Test func theAnswerComesNearerAndLayersCanBeCompared() throws {
    var network = try Self.network()
    let data = network.examples(6)
    var options = CompileOptions()
    options.equalizesChannels = false
    let with = try compile(network.graph, calibration: data, options: options)
    options.absorbsBiases = false
    let without = try compile(network.graph, calibration: data, options: options)
    let gain = with.report.agreement.signalToNoiseDecibels - without.report.agreement.signalToNoiseDecibels
    #expect(gain > 3, "gained \(gain) dB")
    for equalizes in [false, true] {
      options.absorbsBiases = true
      options.equalizesChannels = equalizes
      let model = try compile(network.graph, calibration: data, options: options)
      let layers = try NetworkComparer(network.graph, model.bytes).compare(on: data).layers
      #expect(layers[0].channels.count { $0.offset > 0 } == 2)
      for layer in layers {
        #expect(layer.accumulated.signalToNoiseDecibels > 25 && layer.saturatedShare < 0.05, "\(layer.name)")
      }
    }
  }
}

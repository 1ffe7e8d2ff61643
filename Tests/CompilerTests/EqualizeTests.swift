import Graph
import Testing

@testable import Compiler

struct EqualizeTests {
  /// A residual block behind a convolution whose channels differ a thousandfold, a concatenation, and a bounded layer.
  private static func network() throws -> TestNetwork {
    var network = TestNetwork(11)
    let x = network.input([1, 8, 8, 3])
    let first = try network.conv(x, to: 8)
    let weights = network.graph.nodes[0].inputs[1]
    for place in 0..<8 * 27 { network.graph[weights].constant?.values[place] *= [1, 0.03, 30, 0.2][place / 27 % 4] }
    let relu = try network.apply(Activation(.relu), first)
    let sum = try network.apply(Add(), relu, try network.conv(relu, to: 8))
    let narrow = try network.conv(sum, to: 4)
    let joined = try network.apply(Concat(axis: 3), try network.apply(MaxPool2D(window: Size2D(1, 1)), sum), narrow)
    let bounded = try network.apply(
      Activation(.clip(low: 0, high: 1)), try network.depthwise(try network.conv(joined, to: 8)))
    network.graph.outputs = [try network.conv(bounded, to: 6)]
    try simplify(&network.graph)
    return network
  }

  @Test func theFunctionStays() throws {
    var network = try Self.network()
    let data = network.examples(4)
    var equalized = network.graph
    try equalizeChannels(&equalized, on: data, workers: Workers(count: 1))
    #expect(equalized.nodes.map(\.inputs) != network.graph.nodes.map(\.inputs))
    for example in 0..<4 {
      let expected = try network.graph.evaluate(inputs: data.inputs(example))[0].values
      let found = try equalized.evaluate(inputs: data.inputs(example))[0].values
      let largest = expected.reduce(0) { max($0, abs($1)) }
      for (a, b) in zip(expected, found) { #expect(abs(a - b) <= 1e-4 * largest) }
    }
  }

  @Test func channelsOfOneTensorComeNearer() throws {
    var network = TestNetwork(12)
    let x = network.input([1, 8, 8, 3])
    let first = try network.conv(x, to: 8)
    let weights = network.graph.nodes[0].inputs[1]
    for place in 0..<8 * 27 { network.graph[weights].constant?.values[place] *= [1, 0.03, 30, 0.2][place / 27 % 4] }
    network.graph.outputs = [try network.conv(try network.apply(Activation(.relu), first), to: 6)]
    try simplify(&network.graph)
    let data = network.examples(4)
    var equalized = network.graph
    try equalizeChannels(&equalized, on: data, workers: Workers(count: 1))
    func spread(_ graph: Graph) throws -> Float {
      var largest = [Float](repeating: 0, count: 8)
      for example in 0..<4 {
        _ = try graph.evaluate(inputs: data.inputs(example)) { id, tensor in
          guard id == graph.nodes[0].outputs[0] else { return }
          for (index, value) in tensor.values.enumerated() { largest[index % 8] = max(largest[index % 8], abs(value)) }
        }
      }
      let alive = largest.filter { $0 > 0 }
      return alive.reduce(0, max) / alive.reduce(.infinity, min)
    }
    #expect(try spread(equalized) * 4 < spread(network.graph))
  }

  @Test func answersOfThePackedModelComeNearerAndLayersCanBeCompared() throws {
    var network = try Self.network()
    let data = network.examples(6)
    var options = CompileOptions()
    let model = try compile(network.graph, calibration: data, options: options)
    options.equalizesChannels = false
    options.roundsByCovariance = false
    let plain = try compile(network.graph, calibration: data, options: options)
    let gain = model.report.agreement.signalToNoiseDecibels - plain.report.agreement.signalToNoiseDecibels
    #expect(gain > 0.5, "gained \(gain) dB")
    for layer in try NetworkComparer(network.graph, model.bytes).compare(on: data).layers {
      #expect(layer.accumulated.signalToNoiseDecibels > 20 && layer.saturatedShare < 0.05, "\(layer.name)")
    }
  }

  @Test func theSameBytesComeAgainFromAnyNumberOfThreads() throws {
    var network = try Self.network()
    let data = network.examples(3)
    let first = try compile(network.graph, calibration: data, workers: Workers(count: 1))
    let second = try compile(network.graph, calibration: data, workers: Workers(count: 3))
    #expect(first.bytes == second.bytes)
  }

  @Test(arguments: [true, false]) func whatWasBentIsReportedHoweverWeightsAreRounded(byCovariance: Bool) throws {
    var network = TestNetwork(6)
    let x = network.input([1, 6, 6, 3])
    let y = try network.conv(x, to: 4)
    let weights = network.graph.nodes[0].inputs[1]
    for place in 0..<27 { network.graph[weights].constant?.values[place] *= 1e-20 }
    network.graph.outputs = [y]
    var options = CompileOptions()
    options.roundsByCovariance = byCovariance
    let notes = try compile(network.graph, calibration: network.examples(3), options: options).report.notes
    #expect(notes.count == 1 && notes.allSatisfy { $0.contains("conv2d1, output channel 0") }, "\(notes)")
  }

  @Test func columnsHoldWhatTheWeightsMultiply() throws {
    var network = TestNetwork(5)
    let x = network.input([1, 5, 4, 6])
    let y = try network.conv(x, to: 4, kernel: 3, stride: 2, groups: 2)
    network.graph.outputs = [y]
    let node = network.graph.nodes[0]
    let columns = try #require(LayerColumns(network.graph, node))
    let layer = try #require(LinearLayer(network.graph, 0))
    let input = network.tensor([1, 5, 4, 6])
    let expected = try network.graph.evaluate(inputs: [input])[0].values
    var column = [Float](repeating: 9, count: columns.count)
    for position in 0..<columns.positions {
      for output in 0..<4 {
        input.values.withUnsafeBufferPointer { values in
          column.withUnsafeMutableBufferPointer {
            columns.write(position, group: output / 2, of: values, to: $0.baseAddress!)
          }
        }
        let products = zip(column, layer.places(ofOutput: output)).map { $0 * layer.weights.values[$1] }
        let sum = products.reduce(layer.bias.values[output], +)
        #expect(abs(sum - expected[position * 4 + output]) < 1e-4)
      }
    }
    #expect(columns.sample(limit: 3, seed: 1) == columns.sample(limit: 3, seed: 1))
    #expect(Set(columns.sample(limit: 4, seed: 2)).count == 4)
  }
}

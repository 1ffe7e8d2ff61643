import Graph
import Testing

@testable import Compiler

struct NetworkComparerTests {
  private static func compare(
    _ network: Graph, _ bytes: [UInt8], on data: CalibrationData
  ) throws -> NetworkComparison {
    try NetworkComparer(network, bytes, workers: Workers(count: 2)).compare(on: data)
  }

  @Test func everyStepIsComparedAndNear() throws {
    var network = try CompileTests.network()
    let data = network.examples(4)
    let model = try compile(network.graph, calibration: data)
    let found = try Self.compare(network.graph, model.bytes, on: data)
    #expect(found.layers.map(\.name) == model.report.layers.map(\.name))
    for layer in found.layers {
      for error in [layer.accumulated, layer.isolated] {
        #expect(error.signalToNoiseDecibels > 15, "\(layer.name)")
        #expect(error.cosine > 0.98 && error.cosine < 1.000001, "\(layer.name)")
        #expect(error.maximumError >= 0)
      }
      #expect(layer.saturatedShare < 0.05 && layer.outputSignalToNoiseDecibels > 15, "\(layer.name)")
      #expect(layer.channels.count == layer.shape.last)
      #expect(abs(layer.channels.reduce(0) { $0 + $1.noiseShare } - 1) < 1e-6, "\(layer.name)")
      #expect(layer.histogram.finiteCount == UInt64(4 * layer.shape.reduce(1, *)))
    }
    #expect(found.examples.count == 4)
    #expect(found.top1Agreement == model.report.agreement.top1)
    #expect(abs(found.output.signalToNoiseDecibels - model.report.agreement.signalToNoiseDecibels) < 1e-9)
    #expect(found.ranking.sorted() == Array(found.layers.indices))
  }

  /// One layer's packed weights are spoiled: its successors are wrong as they run, but not by themselves.
  @Test func theErrorIsFoundWhereItBegins() throws {
    var network = try CompileTests.network()
    let data = network.examples(4)
    let model = try compile(network.graph, calibration: data)
    let spoiled = model.report.layers.firstIndex { $0.kind == "DepthwiseConv2D" }!
    let record = try ModelRunner(model.bytes).model.operatorRecord(spoiled).weights
    var (header, sections) = try sectionsOfModel(model.bytes)
    let first = Int(record.offset)
    for place in first..<first + Int(record.bytes) where place % 3 == 0 { sections[.weights]![place] = 0 }
    let found = try Self.compare(network.graph, try assemble(&header, sections), on: data)
    let layers = found.layers
    #expect(layers[spoiled].isolated.signalToNoiseDecibels < 10)
    #expect(layers.indices.allSatisfy { $0 == spoiled || layers[$0].isolated.signalToNoiseDecibels > 15 })
    #expect(layers[..<spoiled].allSatisfy { $0.accumulated.signalToNoiseDecibels > 15 })
    #expect(layers[spoiled + 1].accumulated.signalToNoiseDecibels < 15)
    #expect(found.ranking[0] == spoiled)
  }

  /// Channels of a 1×1 convolution: always 0, always 0.5, too small for the scale, and as large as the scale allows.
  @Test func channelsThatTellNothingAreFound() throws {
    var network = TestNetwork(4)
    let x = network.input([1, 6, 6, 2])
    let weights = network.graph.addConstant(
      "weights", Tensor(shape: [4, 1, 1, 2], values: [0, 0, 0, 0, 1e-4, 1e-4, 3, -3]))
    let bias = network.graph.addConstant("bias", Tensor(shape: [4], values: [0, 0.5, 0, 0]))
    let y = try network.apply(Conv2D(), x, weights, bias)
    network.graph.outputs = [try network.conv(y, to: 3)]
    let data = network.examples(3)
    var options = CompileOptions()
    options.equalizesChannels = false
    let plain = try compile(network.graph, calibration: data, options: options)
    let layer = try Self.compare(network.graph, plain.bytes, on: data).layers[0]
    #expect(layer.channels.map(\.state) == [.dead, .constant, .lost, .alive])
    #expect(layer.causes.first?.contains("1 of 4 channels (the first is 2)") == true, "\(layer.causes)")
    let repaired = try compile(network.graph, calibration: data)
    let after = try Self.compare(network.graph, repaired.bytes, on: data).layers[0]
    #expect(after.channels(.lost).isEmpty)
  }

  @Test func clippedValuesAreCounted() throws {
    var network = TestNetwork(8)
    let x = network.input([1, 8, 8, 3])
    let y = try network.apply(Activation(.relu), try network.conv(x, to: 8))
    network.graph.outputs = [try network.conv(y, to: 4)]
    let data = network.examples(4)
    var options = CompileOptions()
    options.calibrationMethod = .percentile(80)
    let model = try compile(network.graph, calibration: data, options: options)
    let layer = try Self.compare(network.graph, model.bytes, on: data).layers[0]
    #expect(layer.saturatedShare > 0.05 && layer.saturatedShare < 0.15)
    #expect(layer.seenRange.upperBound > layer.heldRange.upperBound * 1.2)
    #expect(layer.causes.contains { $0.contains("outside") })
  }

  @Test func anotherNetworkIsRefused() throws {
    var network = try CompileTests.network()
    let data = network.examples(2)
    let model = try compile(network.graph, calibration: data)
    var other = TestNetwork(5)
    let x = other.input([1, 16, 16, 3])
    other.graph.outputs = try other.graph.append(Activation(.tanh), [x], name: "something else")
    #expect(throws: GraphError.self) { try NetworkComparer(other.graph, model.bytes) }
  }
}

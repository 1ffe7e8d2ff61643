import Graph
import Testing

@testable import Compiler

/// Networks whose weights are spoiled in the ways that make int8 fail: what is spoiled is named, and mended by default.
struct DamagedNetworkTests {
  /// Six convolutions; the output channels of the third are as strong as `factors` say, times those of a sound network.
  private static func network(_ factors: [Float], isUndone: Bool) throws -> (network: TestNetwork, layer: String) {
    var network = TestNetwork(21)
    var x = network.input([1, 12, 12, 3])
    for _ in 0..<5 { x = try network.apply(Activation(.relu), try network.conv(x, to: 8)) }
    x = try network.apply(AveragePool2D(window: Size2D(12, 12)), x)
    network.graph.outputs = [try network.fullyConnected(try network.apply(Reshape(shape: [1, 8]), x), to: 10)]
    let convolutions = network.graph.nodes.filter { $0.operation is Conv2D }
    let (damaged, reader) = (convolutions[2], convolutions[3])
    for place in 0..<8 * 72 {
      network.graph[damaged.inputs[1]].constant!.values[place] *= factors[place / 72]
      if isUndone { network.graph[reader.inputs[1]].constant!.values[place] /= factors[place % 8] }
    }
    for channel in 0..<8 { network.graph[damaged.inputs[2]].constant!.values[channel] *= factors[channel] }
    return (network, damaged.name)
  }

  private static func unrepaired() -> CompileOptions {
    var options = CompileOptions()
    options.equalizesChannels = false
    options.roundsByCovariance = false
    options.correctsBiases = false
    options.absorbsBiases = false
    return options
  }

  /// One channel's weights × 100; ranges of 1000 : 1. The next layer takes it back, or lives with it.
  @Test(
    arguments: [[Float]]([[1, 1, 1, 100, 1, 1, 1, 1], [1000, 1, 300, 1, 100, 1, 30, 1]]), [true, false])
  func whatIsSpoiledIsNamedAndMended(factors: [Float], isUndone: Bool) throws {
    var (damaged, layer) = try Self.network(factors, isUndone: isUndone)
    let data = damaged.examples(8)
    let plain = try compile(damaged.graph, calibration: data, options: Self.unrepaired())
    let before = try NetworkComparer(damaged.graph, plain.bytes).compare(on: data)
    let first = before.layers[before.ranking[0]]
    if isUndone {
      #expect(first.name == layer, "\(before.ranking.map { before.layers[$0].name })")
      #expect(first.causes.contains { $0.contains("one scale cannot suit both") }, "\(first.causes)")
    }
    let repaired = try compile(damaged.graph, calibration: data)
    let after = try NetworkComparer(damaged.graph, repaired.bytes).compare(on: data)
    var (sound, _) = try Self.network(Array(repeating: 1, count: 8), isUndone: true)
    let soundData = sound.examples(8)
    let reference = try compile(sound.graph, calibration: soundData).report.agreement.signalToNoiseDecibels
    #expect(after.output.signalToNoiseDecibels > before.output.signalToNoiseDecibels + 3)
    if isUndone { #expect(after.output.signalToNoiseDecibels > reference - 3) }
  }
}

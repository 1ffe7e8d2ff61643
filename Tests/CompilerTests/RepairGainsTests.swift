import Graph
import Testing

@testable import Compiler

struct RepairGainsTests {
  /// Channels of unlike ranges, two of which never come near 0.
  private static func network() throws -> TestNetwork {
    var network = TestNetwork(17)
    let x = network.input([1, 10, 10, 3])
    let y = try network.apply(Activation(.relu), try network.conv(x, to: 8))
    let (weights, bias) = (network.graph.nodes[0].inputs[1], network.graph.nodes[0].inputs[2])
    for place in 0..<8 * 27 { network.graph[weights].constant!.values[place] *= [1, 0.1, 10, 0.5][place / 27 % 4] }
    network.graph[bias].constant!.values[3] = 80
    let z = try network.apply(Activation(.relu), try network.conv(y, to: 6, padding: 0))
    let pooled = try network.apply(AveragePool2D(window: Size2D(8, 8)), z)
    network.graph.outputs = [try network.fullyConnected(try network.apply(Reshape(shape: [1, 6]), pooled), to: 5)]
    return network
  }

  @Test func aGainIsWhatLeavingTheRepairOutLoses() throws {
    var network = try Self.network()
    let data = network.examples(6)
    var options = CompileOptions()
    options.measuresRepairs = true
    options.reconstructsLayers = true
    let repaired = try compile(network.graph, calibration: data, options: options).report
    #expect(repaired.repairs.map(\.repair) == Repair.allCases && repaired.repairs.allSatisfy(\.isOn))
    options.measuresRepairs = false
    for gain in repaired.repairs {
      options[gain.repair] = false
      let without = try compile(network.graph, calibration: data, options: options).report
      options[gain.repair] = true
      let lost = repaired.agreement.signalToNoiseDecibels - without.agreement.signalToNoiseDecibels
      #expect(try abs(#require(gain.gainDecibels) - lost) < 1e-9, "\(gain)")
    }
    #expect(repaired.repairs.contains { abs($0.gainDecibels ?? 0) > 0.1 }, "\(repaired.repairs)")
    for repair in Repair.allCases { options[repair] = false }
    let plain = try compile(network.graph, calibration: data, options: options).report
    #expect(plain.repairs.allSatisfy { !$0.isOn && $0.gainDecibels == nil })
    #expect(repaired.agreement.signalToNoiseDecibels > plain.agreement.signalToNoiseDecibels + 3)
  }

  /// Random layers whose channels suit each other already.
  @Test func aRepairThatDoesHarmIsTakenBack() throws {
    var network = TestNetwork(26)
    var x = network.input([1, 8, 8, 3])
    for _ in 0..<3 { x = try network.apply(Activation(.relu), try network.conv(x, to: 8)) }
    let pooled = try network.apply(AveragePool2D(window: Size2D(8, 8)), x)
    network.graph.outputs = [try network.fullyConnected(try network.apply(Reshape(shape: [1, 8]), pooled), to: 5)]
    let data = network.examples(6)
    var options = CompileOptions()
    let all = try compile(network.graph, calibration: data, options: options)
    options.measuresRepairs = true
    let settled = try compile(network.graph, calibration: data, options: options)
    options.measuresRepairs = false
    options.equalizesChannels = false
    let without = try compile(network.graph, calibration: data, options: options)

    #expect(settled.bytes == without.bytes && settled.bytes != all.bytes)
    #expect(settled.report.repairs.filter { !$0.isOn }.map(\.repair) == [.equalization])
    let gain = try #require(settled.report.repairs[0].gainDecibels)
    #expect(gain < -RepairGain.harmfulDecibels)
    let lost = settled.report.agreement.signalToNoiseDecibels - all.report.agreement.signalToNoiseDecibels
    #expect(abs(lost + gain) < 1e-9)
  }

  @Test(arguments: Repair.allCases) func eachCanBeLeftOut(repair: Repair) throws {
    var network = try Self.network()
    let data = network.examples(6)
    var options = CompileOptions()
    options.reconstructsLayers = true
    let with = try compile(network.graph, calibration: data, options: options)
    #expect(with.report.repairs.allSatisfy { $0.isOn && $0.gainDecibels == nil })
    options[repair] = false
    let without = try compile(network.graph, calibration: data, options: options)
    // What is not made by default is not missed.
    let missed = without.report.repairs.filter { !$0.isOn }.map(\.repair)
    #expect(missed == (repair == .reconstruction ? [] : [repair]))
    #expect(without.report.repairs.contains { $0.repair == .reconstruction } == (repair != .reconstruction))
    #expect(without.bytes != with.bytes)
  }
}

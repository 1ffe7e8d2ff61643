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

  @Test func gainsAddUpToWhatAllRepairsBring() throws {
    var network = try Self.network()
    let data = network.examples(6)
    var options = CompileOptions()
    options.measuresRepairs = true
    let repaired = try compile(network.graph, calibration: data, options: options).report
    #expect(repaired.repairs.map(\.repair) == Repair.allCases && repaired.repairs.allSatisfy(\.isOn))
    for repair in Repair.allCases { options[repair] = false }
    let plain = try compile(network.graph, calibration: data, options: options).report
    #expect(plain.repairs.allSatisfy { !$0.isOn && $0.gainDecibels == nil })
    let all = repaired.agreement.signalToNoiseDecibels - plain.agreement.signalToNoiseDecibels
    let sum = repaired.repairs.reduce(0) { $0 + ($1.gainDecibels ?? .nan) }
    #expect(all > 3 && abs(sum - all) < 1e-9, "\(repaired.repairs)")
  }

  @Test(arguments: Repair.allCases) func eachCanBeLeftOut(repair: Repair) throws {
    var network = try Self.network()
    let data = network.examples(6)
    var options = CompileOptions()
    let with = try compile(network.graph, calibration: data, options: options)
    #expect(with.report.repairs.allSatisfy { $0.isOn && $0.gainDecibels == nil })
    options[repair] = false
    let without = try compile(network.graph, calibration: data, options: options)
    #expect(without.report.repairs.filter { !$0.isOn }.map(\.repair) == [repair])
    #expect(without.bytes != with.bytes)
  }
}

import CShim
import Foundation
import Graph
import Martlet
import Testing

@testable import Compiler

/// Every plan of a network gives the same bytes, in exactly its arena, whatever lay in it before.
struct RowStreamTests {
  /// How many random networks: a few in every test run, thousands with tools/stream-graphs.
  private static let count = ProcessInfo.processInfo.environment["MARTLET_STREAM_GRAPHS"].flatMap(UInt64.init) ?? 120

  private func compiled(_ network: inout TestNetwork, _ goal: ArenaGoal, pushesInput: Bool = false) throws
    -> CompiledModel
  {
    var options = CompileOptions()
    options.correctsBiases = false
    options.roundsByCovariance = false
    options.equalizesChannels = false
    options.checkedExamples = 0
    options.arena = goal
    options.pushesInput = pushesInput
    let examples = TestNetwork(7).inputs(of: network.graph)
    return try compile(
      network.graph, calibration: CalibrationData(count: 1) { _ in examples }, options: options,
      workers: Workers(count: 1))
  }

  /// The outputs of a model in an arena with guards around it.
  private func run(_ file: [UInt8], _ inputs: [[Int8]], stale: UInt8) throws -> [[Int8]] {
    let bytes = AlignedBytes(copying: file)
    let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(bytes.buffer))
    let memory = AlignedBytes(count: model.arenaBytes + 512)
    memory.buffer.initializeMemory(as: UInt8.self, repeating: 0xA5)
    let arena = UnsafeMutableRawBufferPointer(rebasing: memory.buffer[256..<256 + model.arenaBytes])
    arena.initializeMemory(as: UInt8.self, repeating: stale)
    var session = try Session(model, arena: arena)
    for (position, values) in inputs.enumerated() where position > 0 || !session.takesRows {
      try session.setInput(position, values.span)
    }
    if session.takesRows {
      let height = Int(session.input().height)
      let count = inputs[0].count / height
      for row in 0..<height {
        let values = Array(inputs[0][row * count..<(row + 1) * count])
        let isComplete = try session.push(row: values.span)
        #expect(isComplete == (row == height - 1))
      }
    } else {
      session.run()
    }
    var outputs: [[Int8]] = []
    for position in 0..<session.outputCount {
      var values = [Int8](repeating: 0, count: session.output(position).count)
      var span = values.mutableSpan
      try session.copyOutput(position, into: &span)
      outputs.append(values)
    }
    #expect(memory.buffer[..<256].allSatisfy { $0 == 0xA5 })
    #expect(memory.buffer[(256 + model.arenaBytes)...].allSatisfy { $0 == 0xA5 })
    return outputs
  }

  @Test(arguments: 0..<count) func everyPlanGivesTheSameBytes(seed: UInt64) throws {
    var network = try RandomStreamNetwork(seed).network
    let inputs = TestNetwork(seed &+ 99).inputs(of: network.graph).map { tensor in
      tensor.values.map { Int8(clamping: Int($0 * 50)) }
    }
    let whole = try compiled(&network, .wholeTensors)
    let expected = try run(whole.bytes, inputs, stale: 0)
    var smallest = whole.report.arenaBytes
    for (goal, pushes) in [(ArenaGoal.smallest, false), (.smallest, true), (.automatic, false), (.automatic, true)] {
      let model = try compiled(&network, goal, pushesInput: pushes)
      for stale: UInt8 in [0x00, 0xFF] {
        #expect(try run(model.bytes, inputs, stale: stale) == expected, "\(goal), pushed: \(pushes)")
      }
      if !pushes {
        #expect(model.report.arenaBytes <= whole.report.arenaBytes)
        smallest = min(smallest, model.report.arenaBytes)
      }
    }
    let between = (smallest + whole.report.arenaBytes) / 2
    let model = try compiled(&network, .bytes(between))
    #expect(model.report.arenaBytes <= between)
    #expect(try run(model.bytes, inputs, stale: 0x5A) == expected)
  }

  @Test func namesTheSmallestArenaWhenNoneFits() throws {
    var network = try RandomStreamNetwork(3).network
    let smallest = try compiled(&network, .smallest).report.arenaBytes
    let error = #expect(throws: GraphError.self) { try compiled(&network, .bytes(64)) }
    #expect(error?.description.contains("\(smallest)") == true)
  }

  @Test func aChainOfConvolutionsHoldsAFewRows() throws {
    var network = TestNetwork(5)
    var x = network.input([1, 64, 64, 3])
    for _ in 0..<4 { x = try network.conv(x, to: 16) }
    network.graph.outputs = [try network.conv(x, to: 1, kernel: 1, padding: 0)]
    let whole = try compiled(&network, .wholeTensors).report.arenaBytes
    let smallest = try compiled(&network, .smallest, pushesInput: true).report.arenaBytes
    #expect(whole >= 2 * 64 * 64 * 16)
    #expect(smallest < 20_000 + 64 * 64)
  }
}

extension TestNetwork {
  /// Random inputs of any graph.
  fileprivate func inputs(of graph: Graph) -> [Tensor] {
    var own = self
    return graph.inputs.map { own.tensor(graph[$0].shape) }
  }
}

import Graph
import Martlet
import Testing

@testable import Compiler

struct CompileTests {
  /// Convolutions, depthwise, a residual block, pooling, concatenation and a fully connected end.
  static func network(_ seed: UInt64 = 1) throws -> TestNetwork {
    var network = TestNetwork(seed)
    let x = network.input([1, 16, 16, 3])
    var y = try network.conv(x, to: 8, stride: 2)
    y = try network.batchNormalization(y)
    y = try network.apply(Activation(.relu), y)
    let branch = try network.depthwise(y)
    var z = try network.apply(Activation(.clip(low: 0, high: 6)), branch)
    z = try network.conv(z, to: 8, kernel: 1, padding: 0)
    y = try network.apply(Add(), y, z)
    let left = try network.conv(y, to: 6)
    let right = try network.apply(
      MaxPool2D(window: Size2D(2, 2)), try network.apply(Pad(before: [0, 0, 0, 0], after: [0, 1, 1, 0]), y))
    y = try network.apply(Concat(axis: 3), left, right)
    y = try network.apply(AveragePool2D(window: Size2D(8, 8)), y)
    y = try network.apply(Reshape(shape: [1, 14]), y)
    y = try network.fullyConnected(y, to: 10)
    network.graph.outputs = [try network.apply(Softmax(), y)]
    return network
  }

  @Test func runsAsTheFloatNetworkDoes() throws {
    var network = try Self.network()
    let model = try compile(network.graph, calibration: network.examples(8))
    #expect(model.report.agreement.examples == 8)
    #expect(model.report.agreement.top1! >= 0.75)
    #expect(model.report.agreement.signalToNoiseDecibels > 20)
    #expect(model.report.lowerBoundBytes <= model.report.arenaBytes)
    #expect(model.report.notes.isEmpty)
  }

  @Test func ranksNothingWhereTheOutputHasPlaces() throws {
    var network = TestNetwork(3)
    let x = network.input([1, 8, 8, 3])
    network.graph.outputs = [try network.conv(x, to: 4)]
    let model = try compile(network.graph, calibration: network.examples(4))
    #expect(model.report.agreement.examples == 4)
    #expect(model.report.agreement.top1 == nil)
  }

  @Test func sameInputsGiveSameBytes() throws {
    var (a, b) = (try Self.network(), try Self.network())
    #expect(
      try compile(a.graph, calibration: a.examples(4)).bytes == compile(b.graph, calibration: b.examples(4)).bytes)
    var other = try Self.network(2)
    #expect(
      try compile(a.graph, calibration: a.examples(4)).bytes
        != compile(other.graph, calibration: other.examples(4)).bytes)
  }

  /// Examples are told apart by what is in them, not by when they come.
  @Test func theOrderOfTheExamplesDecidesNothing() throws {
    var network = try Self.network()
    let examples = (0..<40).map { _ in network.inputs() }
    let one = CalibrationData(count: 40) { examples[$0] }
    let other = CalibrationData(count: 40) { examples[$0 * 7 % 40] }
    let first = try compile(network.graph, calibration: one)
    #expect(try compile(network.graph, calibration: other).bytes == first.bytes)
    let fewer = CalibrationData(count: 39) { examples[$0] }
    #expect(try compile(network.graph, calibration: fewer).bytes != first.bytes)
  }

  @Test func runsInItsArenaAndInNotOneByteLess() throws {
    var network = try Self.network()
    let model = try compile(network.graph, calibration: network.examples(2))
    let bytes = AlignedBytes(copying: model.bytes)
    let verified = try Verifier<Every>.verify(UnsafeRawBufferPointer(bytes.buffer))
    #expect(verified.arenaBytes == model.report.arenaBytes)
    let arena = AlignedBytes(count: verified.arenaBytes)
    let session = try Session(verified, arena: arena.buffer)
    #expect(session.operatorCount == model.report.layers.count)
    let small = UnsafeMutableRawBufferPointer(rebasing: arena.buffer[..<(verified.arenaBytes - 1)])
    #expect(throws: Fault(.arenaTooSmall, detail: verified.arenaBytes)) {
      _ = try Session(verified, arena: small).operatorCount
    }
  }
}

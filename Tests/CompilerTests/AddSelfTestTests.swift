import CShim
import Graph
import Martlet
import Testing

@testable import Compiler

struct AddSelfTestTests {
  private func model() throws -> [UInt8] {
    var network = TestNetwork(3)
    let x = network.input([1, 6, 5, 3])
    let hidden = try network.apply(Activation(.relu), try network.conv(x, to: 18))
    network.graph.outputs = [try network.conv(hidden, to: 4)]
    return try compile(network.graph, calibration: network.examples(2)).bytes
  }

  private func passes(_ file: [UInt8]) throws -> Bool {
    let bytes = AlignedBytes(copying: file)
    let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(bytes.buffer))
    let arena = AlignedBytes(count: model.arenaBytes)
    var session = try Session(model, arena: arena.buffer)
    var checks = [UInt32](repeating: 0, count: model.operatorCount)
    do throws(Fault) {
      var span = checks.mutableSpan
      try session.selfTest(checks: &span)
      return true
    } catch { return false }
  }

  @Test func theTestPassesAndTheRestStays() throws {
    let plain = try model()
    let tested = try addSelfTest(to: plain)
    #expect(try passes(tested))
    #expect(try tested == addSelfTest(to: tested), "a second test replaces the first")
    let (before, after) = (try ModelRunner(plain), try ModelRunner(tested))
    #expect(before.model.arenaBytes == after.model.arenaBytes)
    #expect(after.model.byteCount(of: .selfTest) == 64 + 4 * after.model.operatorCount + 90)
    let input = Tensor(shape: [1, 6, 5, 3], values: (0..<90).map { Float($0 % 7) - 3 })
    #expect(try before.run([input])[0].values == after.run([input])[0].values)
  }

  @Test func givenInputsAreStored() throws {
    let values = (0..<90).map { Int8(truncatingIfNeeded: $0 * 3) }
    let tested = try addSelfTest(to: try model(), inputs: [values])
    #expect(try passes(tested))
    let bytes = values.map { UInt8(bitPattern: $0) }
    let runner = try ModelRunner(tested)
    let section = runner.model.header[.selfTest]
    #expect(Array(tested[Int(section.offset)..<Int(section.offset + section.bytes)].suffix(90)) == bytes)
  }

  @Test func badArgumentsAreRefused() throws {
    let file = try model()
    #expect(throws: GraphError.self) { _ = try addSelfTest(to: file, inputs: [[1, 2, 3]]) }
    #expect(throws: GraphError.self) { _ = try addSelfTest(to: file, inputs: []) }
    #expect(throws: GraphError.self) { _ = try addSelfTest(to: Array(file.dropLast(64))) }
  }

  /// A layer whose weights changed after the test was made is found by its place.
  @Test func aChangedWeightIsNoticed() throws {
    var tested = try addSelfTest(to: try model())
    var header = try ModelRunner(tested).model.header
    tested[Int(header[.weights].offset)] ^= 0x40
    header.bodyChecksum = tested.withUnsafeBufferPointer {
      martlet_checksum($0.baseAddress! + Header.byteCount, $0.count - Header.byteCount)
    }
    header.headerChecksum = 0
    header.headerChecksum = rawBytes(header).withUnsafeBufferPointer { martlet_checksum($0.baseAddress, $0.count) }
    tested.replaceSubrange(..<Header.byteCount, with: rawBytes(header))
    #expect(try !passes(tested))
  }
}

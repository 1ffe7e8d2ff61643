import Testing

@testable import Importers

@Suite struct WireReaderTests {
  @Test func readsEveryKindOfField() throws {
    var writer = ProtobufWriter()
    writer.integer(1, -5)
    writer.text(2, "name")
    writer.float(3, 1.5)
    writer.bytes(4, [1, 0x80, 0x01])
    var reader = WireReader(writer.bytes, 0..<writer.bytes.count)
    #expect(try reader.signed(#require(try reader.next())) == -5)
    #expect(try reader.text(#require(try reader.next())) == "name")
    var floats: [Float] = []
    try reader.appendFloats(#require(try reader.next()), to: &floats)
    #expect(floats == [1.5])
    var integers: [Int] = []
    try reader.appendSigned(#require(try reader.next()), to: &integers)
    #expect(integers == [1, 128])
    #expect(try reader.next() == nil)
  }

  @Test(
    arguments: [
      ([0x0a, 0x05, 0x61], "past the end"), ([0x08, 0x80], "cut off"), ([0x0b], "unknown kind"), ([0x00], "no field"),
      ([0x0d, 1, 2], "cut off"), ([0x08] + [UInt8](repeating: 0xff, count: 10), "longer than ten"),
      ([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "past the end"),
    ] as [([UInt8], String)])
  func refusesDamage(_ bytes: [UInt8], _ reason: String) {
    var reader = WireReader(bytes, 0..<bytes.count)
    do throws(WireFault) {
      while try reader.next() != nil {}
      Issue.record("the damage was not noticed")
    } catch {
      #expect(error.reason.contains(reason))
    }
  }

  @Test(
    arguments: [
      (0x3c00, 1), (0xc000, -2), (0x0001, 0x1p-24), (0x7bff, 65504), (0x0400, 0x1p-14), (0x7c00, Float.infinity),
    ] as [(UInt16, Float)])
  func decodesHalfFloats(_ bits: UInt16, _ value: Float) {
    #expect(halfFloat(bits) == value)
  }

  @Test(
    arguments: [
      (1, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], [1, -2]), (10, [0, 0x3c, 0, 0xc0], [1, -2]),
      (16, [0x80, 0x3f, 0, 0xc0], [1, -2]), (3, [1, 0xfe], [1, -2]), (2, [1, 0xfe], [1, 254]),
      (6, [1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff], [1, -2]), (9, [1, 0], [1, 0]),
      (11, [0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0], [1, -2]),
    ] as [(Int, [UInt8], [Float])])
  func decodesRawTensors(_ type: Int, _ raw: [UInt8], _ values: [Float]) throws {
    var writer = ProtobufWriter()
    TensorSpecification(name: "t", shape: [2], type: type, raw: raw).write(&writer)
    let tensor = try ONNXTensor(writer.bytes, 0..<writer.bytes.count)
    var external = ExternalFiles(folder: nil)
    let constant = try tensor.constant(writer.bytes, &external)
    #expect(constant.floats == values)
    #expect((constant.elements.integers == nil) == ONNXTensor.isFloatingPoint(type))
  }

  @Test func decodesListedTensors() throws {
    var writer = ProtobufWriter()
    writer.integer(1, 3)
    writer.integer(2, 1)
    writer.float(4, 2)
    writer.bytes(4, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
    let tensor = try ONNXTensor(writer.bytes, 0..<writer.bytes.count)
    var external = ExternalFiles(folder: nil)
    #expect(try tensor.constant(writer.bytes, &external).floats == [2, 1, -2])
  }

  @Test(arguments: [[4], [-2], [2, 1 << 62, 4], [0, 1 << 62, 1 << 62]])
  func refusesShapesThatTheDataDoesNotFill(_ shape: [Int]) throws {
    var writer = ProtobufWriter()
    TensorSpecification(name: "t", shape: shape, type: 3, raw: [1, 2]).write(&writer)
    let tensor = try ONNXTensor(writer.bytes, 0..<writer.bytes.count)
    var external = ExternalFiles(folder: nil)
    #expect(throws: Unsupported.self) { try tensor.constant(writer.bytes, &external) }
  }

  @Test func refusesExternalData() throws {
    var writer = ProtobufWriter()
    TensorSpecification(name: "t", shape: [0], type: 1, raw: []).write(&writer)
    writer.integer(14, 1)
    let tensor = try ONNXTensor(writer.bytes, 0..<writer.bytes.count)
    var external = ExternalFiles(folder: nil)
    do throws(Unsupported) {
      _ = try tensor.constant(writer.bytes, &external)
      Issue.record("external data was not noticed")
    } catch {
      #expect(error.reason.contains("another file"))
    }
  }
}

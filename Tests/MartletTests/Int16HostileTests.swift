import Martlet
import Testing

/// Records of int16 operators, damaged: refused, or run inside their arena.
struct Int16HostileTests {
  /// One operator of each kind.
  private func models() -> [(name: String, writer: ModelWriter)] {
    var generator = Generator(seed: 11)
    var models: [(String, ModelWriter)] = []
    func add(
      _ name: String, _ code: UInt32, _ inputs: [[Int]], _ output: [Int], _ parameters: [Int32], weights: Int = 0,
      blocks: Int = 0, table: [UInt8] = [], from: ElementType = .int16, to: ElementType = .int16, scale: Float = 0.05
    ) {
      var writer = ModelWriter()
      let tensors = inputs.map { writer.tensor($0[0], $0[1], $0[2], element: from) }
      let result = writer.tensor(output[0], output[1], output[2], scale: scale, element: to)
      var (packed, channels) = SampleModels.constants(
        runs: 1, runBytes: max(4, weights / max(1, blocks) / 16), outputs: 16 * blocks, generator: &generator)
      packed = Array(packed.prefix(weights))
      // A depthwise kernel of three rows leaves every fourth place empty.
      if code == 41 { for place in stride(from: 3, to: weights, by: 4) { packed[place] = 0 } }
      channels = channels.map { block in
        var block = block
        _ = withUnsafeMutableBytes(of: &block.bias) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
        _ = withUnsafeMutableBytes(of: &block.weight_sum) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
        return block
      }
      writer.add(code, tensors, result, parameters, weights: packed, channels: channels, table: table)
      writer.inputs = tensors.map { UInt32($0) }
      writer.outputs = [UInt32(result)]
      models.append((name, writer))
    }
    let window: [Int32] = [3, 3, 1, 1, 1, 1, 1, 1]
    let image = [5, 5, 4]
    add("Conv2D", 40, [image], [5, 5, 16], window + [1, 1, -32768, 32767], weights: 3 * 3 * 64, blocks: 1)
    add("DepthwiseConv2D", 41, [image], image, window + [-32768, 32767], weights: 3 * 64, blocks: 1)
    add("FullyConnected", 42, [[1, 2, 4]], [1, 1, 16], [-32768, 32767], weights: 2 * 64, blocks: 1)
    add("Add", 43, [image, image], image, [-32768, 32767, 1 << 29, -(1 << 29), 30])
    add("Multiply", 44, [image, image], image, [-32768, 32767, 1 << 30, 40])
    add("MaxPool2D", 45, [image], image, window + [1, 1])
    add("AveragePool2D", 46, [image], image, window + [1, 1, 0, -32768, 32767])
    let exponentials = (0..<512).flatMap { ModelWriter.raw(Int32.max >> Int32($0 % 256 / 8)) }
    add("Softmax", 47, [image], image, [], table: exponentials, scale: 1 / 32768)
    let lines = (0...512).flatMap { ModelWriter.raw(Int32($0 * 128 - 32768)) }
    add("Activation", 48, [image], image, [0, 0, 0, -32768, 32767], table: lines)
    let sigmoid = (0..<256).flatMap { ModelWriter.raw(UInt16(32768 + $0 * 128)) }
    add("Sigmoid", 48, [image], image, [1, 6 << 10, 11], table: sigmoid)
    add("Requantize", 49, [image], image, [1 << 30, 38], from: .int16, to: .int8)
    add("Slice", 11, [image], [2, 3, 2], [1, 0, 1, 2, 2, 2])
    add("Pad", 12, [image], [7, 6, 9], [1, 0, 3, -20000])
    add("Transpose", 13, [image], [5, 4, 5], [0, 2, 1])
    add("Concat", 10, [image, image], [5, 5, 8], [2])
    return models
  }

  @Test func soundRecordsAreAccepted() {
    for (name, writer) in models() {
      #expect(fault(verifying: writer.bytes()) == nil, "\(name)")
      #expect(outputIfAccepted(writer.bytes()) != nil, "\(name)")
    }
  }

  @Test func damagedRecordsStayInside() {
    let values: [Int32] = [.min, -32769, -1, 0, 1, 2, 3, 4, 47, 62, 63, 64, 32767, 32768, 1 << 20, .max]
    for (_, writer) in models() {
      for position in 0..<14 {
        for value in values {
          var changed = writer
          changed.operators[0].parameters[position] = value
          _ = outputIfAccepted(changed.bytes())
        }
      }
      for tensor in writer.tensors.indices {
        for type in [UInt32(0), 2, 3] {
          var changed = writer
          changed.tensors[tensor].elementType = type
          _ = outputIfAccepted(changed.bytes())
        }
        for size in [Int32(0), 1, 2, 6, 1 << 20] {
          for axis in [\TensorRecord.height, \TensorRecord.width, \TensorRecord.channels] {
            var changed = writer
            changed.tensors[tensor][keyPath: axis] = size
            changed.arenaBytes += 1 << 13
            _ = outputIfAccepted(changed.bytes())
          }
        }
      }
    }
  }

  /// A bias or a factor that could overflow 64 bits.
  @Test func impossibleFactorsAreRefused() {
    for (name, writer) in models() where writer.operators[0].channels.bytes > 0 {
      for (place, word) in [
        (64, Float.nan.bitPattern), (64, Float(-1).bitPattern), (64, Float(0x1p17).bitPattern),
        (64, Float.infinity.bitPattern), (64, Float(0x1p-39).bitPattern), (128, 0x40), (128, 0x7FFF_FFFF),
        (128, 0x8000_0000), (128, 0xFFFF_FFBF),
      ] {
        var changed = writer
        for byte in 0..<4 { changed.channels[place + byte] = UInt8(truncatingIfNeeded: word >> (8 * UInt32(byte))) }
        #expect(fault(verifying: changed.bytes())?.code == .factor, "\(name) \(place) \(word)")
      }
    }
  }
}

import CShim
import Martlet
import Testing

/// Records with weights of four bits, damaged: refused, or run inside their arena.
struct Int4HostileTests {
  private static let half = Int32(bitPattern: Float(0.5).bitPattern)

  /// Dense, grouped and with a residual; fully connected.
  private func models() -> [(name: String, writer: ModelWriter)] {
    var generator = Generator(seed: 5)
    var models: [(String, ModelWriter)] = []
    func add(
      _ name: String, _ code: UInt32, _ inputs: [[Int]], _ output: [Int], _ parameters: [Int32], runs: Int,
      runBytes: Int, groups: Int = 1
    ) {
      var writer = ModelWriter()
      let tensors = inputs.map { writer.tensor($0[0], $0[1], $0[2]) }
      let result = writer.tensor(output[0], output[1], output[2])
      var weights: [Int8] = []
      var channels: [martlet_channel_block] = []
      for _ in 0..<groups {
        let group = SampleModels.constants(
          runs: runs, runBytes: runBytes, outputs: output[2] / groups, largest: 7, generator: &generator)
        weights += Self.halves(group.0)
        channels += group.1
      }
      writer.add(code, tensors, result, parameters, weights: weights, channels: channels)
      writer.inputs = tensors.map { UInt32($0) }
      writer.outputs = [UInt32(result)]
      models.append((name, writer))
    }
    let window: [Int32] = [3, 3, 1, 1, 1, 1, 1, 1]
    let image = [5, 5, 4]
    add("dense", 60, [image], [5, 5, 40], window + [1, 1, -128, 127, 0, 2], runs: 3, runBytes: 12)
    add("grouped", 60, [image], [5, 5, 40], window + [2, 3, -128, 127, 0, 2], runs: 9, runBytes: 2, groups: 2)
    add(
      "residual", 60, [image, [5, 5, 20]], [5, 5, 20], window + [1, 1, -100, 100, Self.half, 1], runs: 3,
      runBytes: 12)
    add("fully connected", 61, [[1, 2, 9]], [1, 1, 50], [-128, 127, 3], runs: 1, runBytes: 18)
    return models
  }

  private static func halves(_ values: [Int8]) -> [Int8] {
    (0..<values.count / 2).map { index in
      let low = index / 32 * 64 + index % 32
      return values[low] & 15 | values[low + 32] << 4
    }
  }

  /// The same layer with the same weights in eight bits.
  private func eightBits(_ writer: ModelWriter) -> ModelWriter {
    var other = writer
    other.operators[0].code = writer.operators[0].code == 60 ? 1 : 3
    other.operators[0].parameters[writer.operators[0].code == 60 ? 13 : 2] = 0
    other.operators[0].weights.bytes *= 2
    other.weights = stride(from: 0, to: writer.weights.count, by: 32).flatMap { first in
      let bytes = writer.weights[first..<first + 32]
      return bytes.map { UInt8(bitPattern: Int8(bitPattern: $0 << 4) >> 4) }
        + bytes.map { UInt8(bitPattern: Int8(bitPattern: $0) >> 4) }
    }
    return other
  }

  @Test func soundRecordsGiveWhatEightBitsGive() {
    for (name, writer) in models() {
      #expect(fault(verifying: writer.bytes()) == nil, "\(name)")
      let expected = outputIfAccepted(eightBits(writer).bytes())
      #expect(expected != nil, "\(name)")
      for family in 0..<32 {
        guard let kernels = martlet_kernels_for(martlet_family(rawValue: UInt32(family))) else { continue }
        #expect(outputIfAccepted(writer.bytes(), kernels: kernels) == expected, "\(name), family \(family)")
      }
    }
  }

  @Test func damagedRecordsStayInside() {
    let values: [Int32] = [.min, -129, -1, 0, 1, 2, 3, 4, 5, 16, 17, 127, 128, 1 << 20, 1 << 26, .max]
    for (_, writer) in models() {
      for position in 0..<15 {
        for value in values {
          var changed = writer
          changed.operators[0].parameters[position] = value
          _ = outputIfAccepted(changed.bytes())
        }
      }
      for tensor in writer.tensors.indices {
        for size in [Int32(0), 1, 2, 6, 16, 17, 1 << 20] {
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

  /// Each of these would read or write outside, or make families differ.
  @Test func impossibleRecordsAreRefused() {
    for (name, writer) in models() {
      let blocks = writer.operators[0].code == 60 ? 13 : 2
      for value in [Int32.min, -1, 0, 5, 1 << 20, .max] {
        var changed = writer
        changed.operators[0].parameters[blocks] = value
        #expect(fault(verifying: changed.bytes())?.code == .parameter, "\(name), \(value) blocks at once")
      }
      var changed = writer
      changed.operators[0].scratchBytes -= 64
      #expect(fault(verifying: changed.bytes())?.code == .scratch, "\(name), scratch")
      changed = writer
      changed.operators[0].weights.bytes *= 2
      changed.weights += changed.weights
      #expect(fault(verifying: changed.bytes())?.code == .constant, "\(name), as many bytes as of eight bits")
      for place in [0, 31, writer.weights.count - 1] {
        changed = writer
        changed.weights[place] ^= 0x10
        #expect(fault(verifying: changed.bytes())?.code == .constant, "\(name), weight \(place)")
      }
      changed = writer
      changed.channels[128] ^= 1
      #expect(fault(verifying: changed.bytes()) == Fault(.constant, index: 0, detail: 0), "\(name), weight sum")
      changed = writer
      changed.channels[64..<68] = [0, 0, 0xC0, 0x7F]
      #expect(fault(verifying: changed.bytes())?.code == .factor, "\(name), factor")
    }
  }
}

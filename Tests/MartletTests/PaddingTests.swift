import CShim
import Testing

@testable import Martlet

/// Places of packed weights that hold no weight. A kernel reads whatever lies there: only zeros keep it out of the answer, and
/// the sums in their proven bounds.
@Suite struct PaddingTests {
  private struct Problem: Sendable {
    var name: String
    var writer: ModelWriter
    /// Whether a byte of the weights belongs to a weight.
    var isWeight: @Sendable (Int) -> Bool
  }

  private static func problem(
    _ name: String, _ code: UInt32, _ input: [Int], _ output: [Int], _ parameters: [Int32], quads: Int, blocks: Int,
    isWeight: @escaping @Sendable (_ quad: Int, _ lane: Int) -> Bool
  ) -> Problem {
    var writer = ModelWriter()
    let element: ElementType = code >= 40 ? .int16 : .int8
    let x = writer.tensor(input[0], input[1], input[2], element: element)
    let y = writer.tensor(output[0], output[1], output[2], element: element)
    let isWeight: @Sendable (Int) -> Bool = { isWeight($0 / 64 % quads, $0 % 4) }
    let weights = (0..<blocks * quads * 64).map { isWeight($0) ? Int8(truncatingIfNeeded: $0 * 31 % 255 - 127) : 0 }
    var block = martlet_channel_block()
    withUnsafeMutableBytes(of: &block.factor) {
      for lane in 0..<16 { $0.bindMemory(to: Float.self)[lane] = 0.001 }
    }
    writer.add(
      code, [x], y, parameters, weights: weights, channels: [martlet_channel_block](repeating: block, count: blocks))
    writer.inputs = [UInt32(x)]
    writer.outputs = [UInt32(y)]
    return Problem(name: name, writer: writer, isWeight: isWeight)
  }

  /// Every operator with packed weights, with tails of one to four values a run, and depthwise kernels of each remainder.
  private static let problems: [Problem] = {
    var problems: [Problem] = []
    for (offset, clamp) in [(UInt32(0), [Int32(-128), 127]), (39, [-32768, 32767])] {
      for channels in 1...4 {
        // One run a kernel row, and one a tap.
        for runs in [1, 3] {
          let values = runs == 1 ? 3 * channels : channels
          let quads = (values + 3) / 4
          problems.append(
            problem(
              "convolution \(channels) \(runs)", 1 + offset, [3, 3, channels], [1, 1, 20],
              [3, 3, 1, 1, 1, 1, 0, 0, 1, Int32(runs)] + clamp, quads: 3 * runs * quads, blocks: 2
            ) { quad, lane in quad % quads * 4 + lane < values })
        }
        problems.append(
          problem(
            "groups \(channels)", 1 + offset, [1, 1, 2 * channels], [1, 1, 4],
            [1, 1, 1, 1, 1, 1, 0, 0, 2, 1] + clamp, quads: 1, blocks: 2
          ) { _, lane in lane < channels })
        problems.append(
          problem("connected \(channels)", 3 + offset, [1, 1, 4 + channels], [1, 1, 20], clamp, quads: 2, blocks: 2) {
            $0 * 4 + $1 < 4 + channels
          })
      }
      for height in 1...6 {
        for width in [1, 3, 4] {
          let quads = Int(martlet_depthwise_quads(Int32(height), Int32(width)))
          problems.append(
            problem(
              "depthwise \(height)×\(width)", 2 + offset, [height, width, 20], [1, 1, 20],
              [Int32(height), Int32(width), 1, 1, 1, 1, 0, 0] + clamp, quads: quads, blocks: 2
            ) { martlet_depthwise_tap(Int32(height), Int32(width), Int32($0), Int32($1)) >= 0 })
        }
      }
    }
    return problems
  }()

  @Test func onlyZerosStandWhereNoWeightIs() {
    var refused = 0
    for problem in Self.problems {
      #expect(fault(verifying: problem.writer.bytes()) == nil, "\(problem.name)")
      for place in problem.writer.weights.indices {
        let isWeight = problem.isWeight(place)
        // All places without a weight, and some with one.
        guard !isWeight || place % 37 == 0 else { continue }
        var changed = problem.writer
        changed.weights[place] = changed.weights[place] == 0x80 ? 0x7F : 0x80
        let found = fault(verifying: changed.bytes())
        #expect(found?.code == (isWeight ? nil : .constant), "\(problem.name), byte \(place)")
        refused += isWeight ? 0 : 1
      }
    }
    #expect(refused > 2000, "\(refused)")
  }

  /// The same of four bits, whose sums are made right for each change.
  @Test(arguments: 5...8) func onlyZerosStandWhereNoWeightOfFourBitsIs(values: Int) {
    var writer = ModelWriter()
    let x = writer.tensor(1, 1, values)
    let y = writer.tensor(1, 1, 20)
    writer.add(
      61, [x], y, [-128, 127, 1], weights: [Int8](repeating: 0, count: 128),
      channels: [martlet_channel_block](repeating: martlet_channel_block(), count: 2))
    writer.inputs = [UInt32(x)]
    writer.outputs = [UInt32(y)]
    #expect(fault(verifying: writer.bytes()) == nil)
    for place in 0..<128 {
      for half in 0..<2 {
        var changed = writer
        changed.weights[place] = half == 0 ? 1 : 0x10
        let sum = place / 64 * 192 + 128 + 4 * (half * 8 + place % 32 / 4)
        changed.channels.replaceSubrange(sum..<sum + 4, with: ModelWriter.raw(Int32(1)))
        let isWeight = place / 32 % 2 * 4 + place % 4 < values
        #expect(fault(verifying: changed.bytes())?.code == (isWeight ? nil : .constant), "byte \(place), half \(half)")
      }
    }
  }

  /// Every sum that is wrong by one is found, in every operator of eight bits, in every channel; and in no other.
  @Test func weightSumsAreThoseOfTheWeights() throws {
    for problem in Self.problems where problem.writer.operators[0].code < 4 {
      let blocks = problem.writer.channels.count / 192
      let quads = problem.writer.weights.count / blocks / 64
      var sums = [Int32](repeating: 0, count: blocks * 16)
      for (place, weight) in problem.writer.weights.enumerated() {
        sums[place / 64 / quads * 16 + place / 4 % 16] += Int32(Int8(bitPattern: weight))
      }
      var writer = problem.writer
      func set(_ channel: Int, _ sum: Int32) {
        let start = channel / 16 * 192 + 128 + channel % 16 * 4
        writer.channels.replaceSubrange(start..<start + 4, with: ModelWriter.raw(sum))
      }
      for channel in sums.indices { set(channel, sums[channel]) }
      #expect(try faultOfSums(writer) == nil, "\(problem.name)")
      for channel in sums.indices {
        set(channel, sums[channel] + 1)
        #expect(try faultOfSums(writer) == Fault(.constant, index: 0, detail: channel), "\(problem.name) \(channel)")
        set(channel, sums[channel])
      }
    }
  }

  private func faultOfSums(_ writer: ModelWriter) throws -> Fault? {
    let memory = GuardedMemory(copying: writer.bytes())
    do throws(Fault) {
      let model = try Verifier<Every>.verify(memory.model)
      try model.requireWeightSums()
      return nil
    } catch { return error }
  }
}

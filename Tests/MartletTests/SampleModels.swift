import CShim
import Martlet

/// Networks that the tests run and damage.
enum SampleModels {
  /// Packed weights [blocks][runs][quads][16][4] and channel blocks for random weights; groups 1.
  static func constants(
    runs: Int, runBytes: Int, outputs: Int, largest: Int8 = 127, generator: inout Generator
  ) -> ([Int8], [martlet_channel_block]) {
    let blocks = (outputs + 15) / 16
    let quads = (runBytes + 3) / 4
    var weights = [Int8](repeating: 0, count: blocks * runs * quads * 64)
    var channels = [martlet_channel_block](repeating: martlet_channel_block(), count: blocks)
    for output in 0..<outputs {
      var sum: Int32 = 0
      for run in 0..<runs {
        for byte in 0..<runBytes {
          let weight = Int8.random(in: -largest...largest, using: &generator)
          sum += Int32(weight)
          weights[(((output / 16 * runs + run) * quads + byte / 4) * 16 + output % 16) * 4 + byte % 4] = weight
        }
      }
      let bias = Int32.random(in: -2000...2000, using: &generator) - 125 * sum
      let factor = Float.random(in: 0.0005...0.002, using: &generator)
      withUnsafeMutableBytes(of: &channels[output / 16]) { block in
        block.storeBytes(of: bias, toByteOffset: output % 16 * 4, as: Int32.self)
        block.storeBytes(of: factor, toByteOffset: 64 + output % 16 * 4, as: Float.self)
        block.storeBytes(of: sum, toByteOffset: 128 + output % 16 * 4, as: Int32.self)
      }
    }
    return (weights, channels)
  }

  /// 1×1 depthwise-style constants for `taps` in quads: every tap of every channel.
  static func depthwiseConstants(kernel: Int, channels count: Int, generator: inout Generator)
    -> ([Int8], [martlet_channel_block])
  {
    let quads = Int(martlet_depthwise_quads(Int32(kernel), Int32(kernel)))
    var (weights, channels) = constants(runs: 1, runBytes: quads * 4, outputs: count, generator: &generator)
    for channel in 0..<count {
      var sum: Int32 = 0
      for quad in 0..<quads {
        for lane in 0..<4 {
          let index = ((channel / 16 * quads + quad) * 16 + channel % 16) * 4 + lane
          if martlet_depthwise_tap(Int32(kernel), Int32(kernel), Int32(quad), Int32(lane)) < 0 { weights[index] = 0 }
          sum += Int32(weights[index])
        }
      }
      withUnsafeMutableBytes(of: &channels[channel / 16]) { block in
        block.storeBytes(of: -125 * sum, toByteOffset: channel % 16 * 4, as: Int32.self)
        block.storeBytes(of: sum, toByteOffset: 128 + channel % 16 * 4, as: Int32.self)
      }
    }
    return (weights, channels)
  }

  /// Every operator once, convolution twice (with and without a residual operand).
  static func everyOperator() -> ModelWriter {
    var generator = Generator(seed: 7)
    var writer = ModelWriter()
    let half = Int32(bitPattern: Float(0.5).bitPattern)
    let one = Int32(bitPattern: Float(1).bitPattern)
    let window: [Int32] = [3, 3, 1, 1, 1, 1, 1, 1]
    let input = writer.tensor(6, 6, 3)
    let first = writer.tensor(6, 6, 20)
    var (weights, channels) = constants(runs: 3, runBytes: 9, outputs: 20, generator: &generator)
    writer.add(1, [input], first, window + [1, 1, -128, 127], weights: weights, channels: channels)
    let second = writer.tensor(6, 6, 20)
    (weights, channels) = depthwiseConstants(kernel: 3, channels: 20, generator: &generator)
    writer.add(2, [first], second, window + [-100, 100], weights: weights, channels: channels)
    let third = writer.tensor(6, 6, 20)
    writer.add(6, [first, second], third, [-128, 127, half, one])
    let fourth = writer.tensor(6, 6, 20)
    (weights, channels) = constants(runs: 1, runBytes: 20, outputs: 20, generator: &generator)
    writer.add(
      1, [second, third], fourth, [1, 1, 1, 1, 1, 1, 0, 0, 1, 1, -128, 127, half], weights: weights, channels: channels)
    let fifth = writer.tensor(6, 6, 20)
    writer.add(8, [fourth], fifth, table: (0..<256).map { UInt8(255 - $0) })
    let sixth = writer.tensor(3, 3, 20)
    writer.add(4, [fifth], sixth, [2, 2, 2, 2, 1, 1, 0, 0, 0, 0])
    let seventh = writer.tensor(3, 3, 20)
    writer.add(5, [sixth], seventh, window + [1, 1, 0, one, -128, 127])
    let eighth = writer.tensor(3, 3, 20)
    writer.add(7, [sixth, seventh], eighth, [-128, 127, Int32(bitPattern: Float(0.01).bitPattern)])
    let ninth = writer.tensor(3, 3, 40)
    writer.add(10, [seventh, eighth], ninth, [2], table: (0..<512).map { UInt8(truncatingIfNeeded: $0 &* 3) })
    addTail(to: &writer, from: ninth, generator: &generator)
    writer.inputs = [UInt32(input)]
    return writer
  }

  private static func addTail(to writer: inout ModelWriter, from ninth: Int, generator: inout Generator) {
    let tenth = writer.tensor(2, 3, 20)
    writer.add(11, [ninth], tenth, [1, 0, 0, 1, 1, 2])
    let eleventh = writer.tensor(4, 3, 20)
    writer.add(12, [tenth], eleventh, [1, 0, 0, -128])
    let twelfth = writer.tensor(3, 4, 20)
    writer.add(13, [eleventh], twelfth, [1, 0, 2])
    let thirteenth = writer.tensor(1, 1, 10)
    let (weights, channels) = constants(runs: 1, runBytes: 240, outputs: 10, generator: &generator)
    writer.add(3, [twelfth], thirteenth, [-128, 127], weights: weights, channels: channels)
    let scores = writer.tensor(1, 1, 10, scale: 1 / 256, zeroPoint: -128)
    let exponentials = (0..<256).flatMap { ModelWriter.raw(Int32(0x7FFF_FFFF) >> Int32($0 / 8)) }
    writer.add(9, [thirteenth], scores, table: exponentials)
    writer.outputs = [UInt32(scores)]
    writer.labels = (0..<10).map { "label \($0)" }.joined(separator: "\n")
    writer.provenance = "converter: test\n"
    var picture = PreprocessingRecord()
    picture.height = 6
    picture.width = 6
    picture.channels = 3
    for index in 0..<768 { picture.pixelTable[index] = UInt8(truncatingIfNeeded: index / 256 + index) }
    writer.preprocessing = picture
  }

  /// Convolution, max pooling, fully connected: the smallest network with three kinds of record.
  static func threeOperators() -> ModelWriter {
    var generator = Generator(seed: 3)
    var writer = ModelWriter()
    let input = writer.tensor(5, 5, 3)
    let convolved = writer.tensor(5, 5, 18)
    var (weights, channels) = constants(runs: 3, runBytes: 9, outputs: 18, generator: &generator)
    writer.add(
      1, [input], convolved, [3, 3, 1, 1, 1, 1, 1, 1, 1, 1, -128, 127], weights: weights, channels: channels)
    let pooled = writer.tensor(2, 2, 18)
    writer.add(4, [convolved], pooled, [2, 2, 2, 2, 1, 1, 0, 0, 0, 0])
    let scores = writer.tensor(1, 1, 5)
    (weights, channels) = constants(runs: 1, runBytes: 72, outputs: 5, generator: &generator)
    writer.add(3, [pooled], scores, [-128, 127], weights: weights, channels: channels)
    writer.inputs = [UInt32(input)]
    writer.outputs = [UInt32(scores)]
    return writer
  }
}

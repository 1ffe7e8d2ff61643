import CShim
import Martlet

extension SampleModels {
  private static func bits(_ value: Float) -> Int32 { Int32(bitPattern: value.bitPattern) }

  private static func floats(_ count: Int, _ value: (Int) -> Float) -> [UInt8] {
    (0..<count).flatMap { ModelWriter.raw(value($0)) }
  }

  private static func bytes(_ count: Int, _ value: (Int) -> Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value($0)) }
  }

  /// Every operator of a code above 13 once, Resize in each of its kinds.
  static func laterOperators() -> ModelWriter {
    var writer = ModelWriter()
    let input = writer.tensor(4, 4, 8)
    let larger = writer.tensor(4, 4, 8)
    writer.add(14, [input, input], larger, table: bytes(512) { $0 / 2 })
    let smaller = writer.tensor(4, 4, 8)
    writer.add(15, [larger, input], smaller, table: bytes(768) { 255 - $0 })
    let difference = writer.tensor(4, 4, 8)
    writer.add(16, [larger, smaller], difference, [-128, 127, bits(1), bits(0.5)])
    let whole = writer.tensor(4, 4, 8)
    writer.add(6, [difference, input], whole, [-128, 127, 1 << 20, 1 << 21, 20])
    let parts = writer.tensor(4, 4, 8)
    writer.add(16, [whole, input], parts, [-128, 127, 1 << 21, 5, 30])
    let mean = writer.tensor(4, 4, 8)
    writer.add(5, [parts], mean, [3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 0, bits(1), -128, 127, 1])
    let space = writer.tensor(8, 8, 2)
    writer.add(17, [mean], space, [2, 2, 0])
    let depth = writer.tensor(4, 4, 8)
    writer.add(18, [space], depth, [2, 2])
    let nearest = writer.tensor(6, 5, 8)
    writer.add(19, [depth], nearest, [0], table: (0..<11).flatMap { ModelWriter.raw(Int32($0 % 4)) })
    let linear = writer.tensor(3, 4, 8)
    var taps: [Int32] = []
    for tap in 0..<7 as Range<Int32> { taps += [tap % 4, tap % 4 + 1, tap * 300] }
    writer.add(19, [nearest], linear, [1], table: taps.flatMap { ModelWriter.raw($0) })
    let cubic = writer.tensor(3, 4, 8)
    var corners: [Int32] = []
    for tap in 0..<7 as Range<Int32> { corners += [0, 1, tap % 3, 2, -200, 1400, 1048, -200] }
    writer.add(19, [linear], cubic, [2], table: corners.flatMap { ModelWriter.raw($0) })
    let quotient = writer.tensor(3, 4, 8)
    writer.add(21, [cubic, linear], quotient, [-128, 127], table: floats(256) { Float($0 - 128) / 64 })
    addNorms(to: &writer, from: quotient)
    writer.inputs = [UInt32(input)]
    return writer
  }

  private static func addNorms(to writer: inout ModelWriter, from quotient: Int) {
    let grouped = writer.tensor(3, 4, 8)
    writer.add(
      25, [quotient], grouped, [2, 0, -128, 127, bits(0.01)], table: floats(16) { Float($0) * 8 - 40 })
    let layered = writer.tensor(3, 4, 8)
    writer.add(25, [grouped], layered, [1, 1, -128, 127, bits(0.01)], table: floats(16) { Float($0) * 8 - 40 })
    let responses = writer.tensor(3, 4, 8)
    let points = Int(martlet_curve_points(4 * 65025))
    writer.add(26, [layered], responses, [1, 2, -128, 127], table: floats(points) { 1 / (1 + Float($0) / 100) })
    let unit = writer.tensor(3, 4, 8)
    writer.add(28, [responses], unit, [2, -128, 127, bits(64)])
    let pooled = writer.tensor(3, 4, 8)
    let powers = (0..<256).flatMap { ModelWriter.raw(UInt32($0 * $0)) }
    writer.add(
      27, [unit], pooled, [2, 3, 1, 1, 1, 1, 0, 1, 1, 1, 1, -128, 127],
      table: powers + floats(Int(martlet_curve_points(6 * 255 * 255))) { Float($0) / 4 })
    let best = writer.tensor(3, 4, 5)
    writer.add(29, [pooled], best, [1, 0])
    let scores = writer.tensor(3, 4, 5)
    let exponentials = (0..<256).flatMap { ModelWriter.raw(Int32(0x7FFF_FFFF) >> Int32($0 / 8)) }
    writer.add(
      20, [best], scores, [bits(0.5), bits(12)], table: exponentials + floats(256) { Float($0) / 16 })
    writer.outputs = [UInt32(scores)]
  }

  /// The places of the three smallest channels, as int32.
  static func indices() -> ModelWriter {
    var writer = ModelWriter()
    let input = writer.tensor(3, 4, 9)
    let places = writer.tensor(3, 4, 3, scale: 1, zeroPoint: 0, element: .int32)
    writer.add(29, [input], places, [1, 1])
    writer.inputs = [UInt32(input)]
    writer.outputs = [UInt32(places)]
    return writer
  }
}

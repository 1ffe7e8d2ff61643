import CShim
import Testing

/// An image and a result, each with gaps or in a ring, of which some rows are computed.
private struct RowsProblem {
  var input: Layout
  var output: Layout
  var rows: Range<Int>
  let inputMemory: Memory
  let outputMemory: Memory

  init(_ random: inout Random, input: Layout, output: Layout, outputBytes: Int = 1) {
    (self.input, self.output) = (input, output)
    let first = random.oneIn(2) ? 0 : random.integer(0...output.height - 1)
    rows = first..<(random.oneIn(2) ? output.height : random.integer(first + 1...output.height))
    self.input.loosen(&random, leastRows: input.height)
    if outputBytes == 1 { self.output.loosen(&random, leastRows: rows.count) }
    self.output.pixelPitch *= outputBytes
    self.output.rowPitch *= outputBytes
    inputMemory = Memory(count: self.input.byteCount, random: &random)
    outputMemory = Memory(count: self.output.byteCount + (outputBytes - 1) * output.channels, random: &random)
  }

  func pixel(_ row: Int, _ column: Int, _ channel: Int) -> Int {
    Int(inputMemory.bytes[input.offset(row, column, channel)])
  }

  /// Runs `body` and expects at each place of the rows what `definition` (row, column, channel) says, and elsewhere what was
  /// there before.
  func check(
    _ what: String, scratchBytes: Int = 0, _ definition: (Int, Int, Int) -> UInt8,
    _ body: (UnsafePointer<martlet_rows>, UnsafePointer<martlet_rows>, Int32, Int32, UnsafeMutablePointer<UInt8>) ->
      Void
  ) {
    let (found, expected, scratch) = (
      Memory(copying: outputMemory), Memory(copying: outputMemory), Memory(count: scratchBytes)
    )
    var (from, to) = (input.rows(in: inputMemory), output.rows(in: found))
    body(&from, &to, Int32(rows.lowerBound), Int32(rows.upperBound), scratch.bytes)
    for row in rows {
      for column in 0..<output.width {
        for channel in 0..<output.channels {
          expected.bytes[output.offset(row, column, channel)] = definition(row, column, channel)
        }
      }
    }
    let difference = found.firstDifference(from: expected)
    #expect(difference == nil && found.isIntact && scratch.isIntact, "\(what): \(input) to \(output), rows \(rows)")
  }
}

/// The functions that are scalar code on every processor, by their definitions, on tensors with gaps and in rings.
@Suite struct RowsTests {
  private func image(_ random: inout Random) -> Layout {
    Layout(random.integer(1...6), random.integer(1...8), random.integer(1...random.choice([3, 40])))
  }

  @Test func softmax() {
    var random = Random(seed: 50)
    let table = (0..<256).map { Int32(truncatingIfNeeded: Int(0x7FFF_FFFF) >> ($0 / 6)) }
    for _ in 0..<100 {
      let shape = image(&random)
      let problem = RowsProblem(&random, input: shape, output: shape)
      problem.check("softmax") { row, column, channel in
        let pixel = (0..<shape.channels).map { problem.pixel(row, column, $0) }
        let largest = pixel.max() ?? 0
        let sum = pixel.reduce(0) { $0 + Int(table[largest - $1]) }
        return UInt8(min(255, (512 * Int(table[largest - pixel[channel]]) + sum) / (2 * sum)))
      } _: { input, output, first, end, _ in
        martlet_softmax_rows(table, input, output, first, end)
      }
    }
  }

  @Test func resizing() {
    var random = Random(seed: 51)
    for _ in 0..<100 {
      let shape = image(&random)
      let output = Layout(random.integer(1...9), random.integer(1...9), shape.channels)
      let problem = RowsProblem(&random, input: shape, output: output)
      let nearest =
        (0..<output.height).map { _ in Int32(random.integer(0...shape.height - 1)) }
        + (0..<output.width).map { _ in Int32(random.integer(0...shape.width - 1)) }
      problem.check("nearest") { row, column, channel in
        UInt8(problem.pixel(Int(nearest[row]), Int(nearest[output.height + column]), channel))
      } _: { input, output, first, end, _ in
        martlet_resize_nearest_rows(nearest, input, output, first, end)
      }
      let linear = weighted(&random, shape, output, taps: 2)
      let linearTable = linear.flatMap { [Int32($0[0].index), Int32($0[1].index), Int32($0[1].weight)] }
      problem.check("linear", scratchBytes: 4 * shape.width * shape.channels) { row, column, channel in
        mixed(problem, linear[row], linear[output.height + column], channel)
      } _: { input, output, first, end, scratch in
        martlet_resize_linear_rows(linearTable, input, output, first, end, scratch)
      }
      let cubic = weighted(&random, shape, output, taps: 4)
      let cubicTable = cubic.flatMap { taps in taps.map { Int32($0.index) } + taps.map { Int32($0.weight) } }
      problem.check("cubic", scratchBytes: 4 * shape.width * shape.channels) { row, column, channel in
        mixed(problem, cubic[row], cubic[output.height + column], channel)
      } _: { input, output, first, end, scratch in
        martlet_resize_cubic_rows(cubicTable, input, output, first, end, scratch)
      }
    }
  }

  private typealias Tap = (index: Int, weight: Int)

  /// For each output row and column input pixels and weights that add up to 2048; of four, two may be negative, and the
  /// magnitudes add up to as much as is allowed.
  private func weighted(_ random: inout Random, _ input: Layout, _ output: Layout, taps: Int) -> [[Tap]] {
    (0..<output.height + output.width).map { place in
      let size = place < output.height ? input.height : input.width
      let negative = taps == 2 ? 0 : random.choice([0, 511, random.integer(0...511)])
      let first = random.integer(0...2048 + 2 * negative)
      let weights = taps == 2 ? [2048 - first, first] : [-negative, first, 2048 + 2 * negative - first, -negative]
      return weights.map { (random.integer(0...size - 1), $0) }
    }
  }

  private func mixed(_ problem: RowsProblem, _ rows: [Tap], _ columns: [Tap], _ channel: Int) -> UInt8 {
    var sum = 1 << 21
    for row in rows {
      for column in columns {
        sum += row.weight * column.weight * problem.pixel(row.index, column.index, channel)
      }
    }
    return UInt8(max(0, min(255, sum >> 22)))
  }

  @Test func selection() {
    var random = Random(seed: 52)
    for _ in 0..<200 {
      let shape = image(&random)
      var result = shape
      result.channels = random.integer(1...shape.channels)
      result = Layout(shape.height, shape.width, result.channels)
      let (smallest, last) = (random.oneIn(2), random.oneIn(2))
      var rule = martlet_top_k(smallest: smallest ? 1 : 0, last_first: last ? 1 : 0, indices: 0)
      func order(_ problem: RowsProblem, _ row: Int, _ column: Int) -> [Int] {
        (0..<shape.channels).sorted {
          let (a, b) = (problem.pixel(row, column, $0), problem.pixel(row, column, $1))
          return a == b ? ($0 < $1) != last : (a > b) != smallest
        }
      }
      let problem = RowsProblem(&random, input: shape, output: result)
      problem.check("values", scratchBytes: 1024) { row, column, channel in
        UInt8(problem.pixel(row, column, order(problem, row, column)[channel]))
      } _: { input, output, first, end, scratch in
        martlet_top_k_rows(&rule, input, output, first, end, scratch)
      }
    }
  }

  /// The norms, whose sums and float32 steps are spelled out again.
  @Test func norms() {
    var random = Random(seed: 53)
    for _ in 0..<100 {
      let shape = image(&random)
      let problem = RowsProblem(&random, input: shape, output: shape)
      let (zero, order) = (random.integer(0...255), random.integer(1...2))
      var rule = martlet_lp_normalization(
        order: Int32(order), input_zero_point: Int32(zero), factor: 100, output: randomOutput(&random))
      problem.check("norm \(order)") { row, column, channel in
        let values = (0..<shape.channels).map { problem.pixel(row, column, $0) - zero }
        let sum = values.reduce(0) { $0 + (order == 2 ? $1 * $1 : abs($1)) }
        let norm = order == 2 ? Float(sum).squareRoot() : Float(sum)
        return store(sum == 0 ? 0 : Float(values[channel]) * (100 / norm), rule.output)
      } _: { input, output, first, end, _ in
        martlet_lp_normalization_rows(&rule, input, output, first, end)
      }
      let groups = (1...shape.channels).filter { shape.channels % $0 == 0 }
      checkGroups(&random, problem, groups: groups[random.integer(0...groups.count - 1)])
    }
  }

  /// By halves of 32 bits, as the definition says.
  private func float(_ number: Int) -> Float { Float(number >> 32) * 0x1p32 + Float(number & 0xFFFF_FFFF) }

  private func checkGroups(_ random: inout Random, _ problem: RowsProblem, groups: Int) {
    let shape = problem.input
    let isPixel = random.oneIn(2)
    let factors = (0..<2 * shape.channels).map { _ in random.real(-40...40) }
    let rule = randomOutput(&random)
    let size = shape.channels / groups
    factors.withUnsafeBufferPointer { factors in
      var group = martlet_group_normalization(
        groups: Int32(groups), each_pixel: isPixel ? 1 : 0, epsilon: 0.25, gains: factors.baseAddress,
        shifts: factors.baseAddress! + shape.channels, output: rule)
      problem.check("\(groups) groups", scratchBytes: 32 * shape.channels) { row, column, channel in
        var (count, sum, squares) = (0, 0, 0)
        for y in isPixel ? row...row : 0...shape.height - 1 {
          for x in isPixel ? column...column : 0...shape.width - 1 {
            for near in 0..<size {
              let value = problem.pixel(y, x, channel / size * size + near)
              (count, sum, squares) = (count + 1, sum + value, squares + value * value)
            }
          }
        }
        let variance = float(count * squares - sum * sum) / (Float(count) * Float(count))
        let multiplier = 1 / (variance + 0.25).squareRoot() * factors[channel]
        let centered = Float(problem.pixel(row, column, channel)) - Float(sum) / Float(count)
        return store(centered * multiplier + factors[shape.channels + channel], rule)
      } _: { input, output, first, end, scratch in
        martlet_group_normalization_rows(&group, input, output, first, end, scratch)
      }
    }
  }
}

import CShim
import Testing

/// Sums and means in whole numbers, as the kernels of TFLite networks round them.
@Suite struct WholeNumberTests {
  @Test func meansRoundHalvesAwayFromZeroOrUpward() {
    var random = Random(seed: 31)
    for _ in 0..<300 {
      let problem = PoolingProblem(&random)
      for offset in [128, 0] {
        func mean(_ row: Int, _ column: Int, _ channel: Int) -> UInt8 {
          let (inside, padded) = problem.window(row, column, channel)
          let count = max(problem.parameters.count_padding != 0 ? padded : inside.count, 1)
          let zeros = (count - inside.count) * Int(problem.parameters.input_zero_point)
          let sum = inside.reduce(zeros, +) - count * offset
          // The nearest whole number to sum / count, halves away from zero.
          let doubled = 2 * abs(sum) + count
          let mean = doubled / (2 * count) * (sum < 0 ? -1 : 1) + offset
          let rule = problem.parameters.output
          return UInt8(max(Int(rule.low), min(Int(rule.high), mean)))
        }
        compare(problem, offset: offset, mean)
      }
    }
  }

  private func compare(_ problem: PoolingProblem, offset: Int, _ mean: (Int, Int, Int) -> UInt8) {
    let expected = Memory(copying: problem.outputMemory)
    for row in problem.rows {
      for column in 0..<problem.output.width {
        for channel in 0..<problem.output.channels {
          expected.bytes[problem.output.offset(row, column, channel)] = mean(row, column, channel)
        }
      }
    }
    for kernels in fastFamilies + [scalar] {
      var (pooling, input) = (problem.parameters, problem.input.rows(in: problem.inputMemory))
      let found = Memory(copying: problem.outputMemory)
      let scratch = Memory(count: problem.output.channels * 4)
      var output = problem.output.rows(in: found)
      martlet_average_pool_integer_rows(
        kernels, &pooling, Int32(offset), &input, &output, Int32(problem.rows.lowerBound),
        Int32(problem.rows.upperBound), scratch.bytes)
      #expect(found.isIntact && scratch.isIntact)
      #expect(found.firstDifference(from: expected) == nil, "\(name(kernels)) \(problem.description)")
    }
  }

  /// Quotients of up to 2^16 taps are float32 divisions, of more whole ones: 257 × 257 pixels of one channel.
  @Test(arguments: [(256, 256), (257, 257)]) func meansOfManyTapsAreExact(_ height: Int, _ width: Int) {
    let count = height * width
    for extra in [-1, 0, 1] {
      // Half of the bytes 200, the others 201, and one more or less: the mean lies at the middle, or just beside it.
      let layout = Layout(height, width, 1)
      let input = Memory(count: layout.byteCount)
      for place in 0..<count { input.bytes[place] = place < (count + 1) / 2 + extra ? 200 : 201 }
      let sum = (0..<count).reduce(0) { $0 + Int(input.bytes[$1]) - 128 }
      let output = Memory(count: 1)
      let scratch = Memory(count: 4)
      var pooling = martlet_pooling()
      (pooling.kernel_height, pooling.kernel_width) = (Int32(height), Int32(width))
      (pooling.stride_height, pooling.stride_width) = (1, 1)
      (pooling.dilation_height, pooling.dilation_width) = (1, 1)
      pooling.output = martlet_output(zero_point: 7, low: 0, high: 255)
      var (from, to) = (layout.rows(in: input), Layout(1, 1, 1).rows(in: output))
      martlet_average_pool_integer_rows(scalar, &pooling, 128, &from, &to, 0, 1, scratch.bytes)
      #expect(Int(output.bytes[0]) == (2 * sum + count) / (2 * count) + 128)
    }
  }

  @Test func sumsAreShifted() {
    var random = Random(seed: 32)
    for _ in 0..<500 {
      let problem = PairProblem(&random)
      let shift = random.integer(13...30)
      let larger = random.integer(1 << 20...1 << 21)
      var rule = martlet_fixed_addition(
        zero_point_a: problem.addition.zero_point_a, zero_point_b: problem.addition.zero_point_b,
        multiplier_a: Int32(larger), multiplier_b: Int32(random.integer(-larger...larger)), shift: Int32(shift),
        output: problem.addition.output)
      if random.oneIn(2) { swap(&rule.multiplier_a, &rule.multiplier_b) }
      let expected = Memory(copying: problem.outputMemory)
      for row in problem.rows {
        for column in 0..<problem.output.width {
          for channel in 0..<problem.output.channels {
            let a = problem.operand(problem.a, problem.memoryA, row, column, channel) - Int(rule.zero_point_a)
            let b = problem.operand(problem.b, problem.memoryB, row, column, channel) - Int(rule.zero_point_b)
            let sum = a * Int(rule.multiplier_a) + b * Int(rule.multiplier_b) + 1 << (shift - 1)
            let result = sum >> shift + Int(rule.output.zero_point)
            expected.bytes[problem.output.offset(row, column, channel)] = UInt8(
              max(Int(rule.output.low), min(Int(rule.output.high), result)))
          }
        }
      }
      for kernels in fastFamilies + [scalar] {
        let found = Memory(copying: problem.outputMemory)
        var (left, right) = (problem.a.rows(in: problem.memoryA), problem.b.rows(in: problem.memoryB))
        var result = problem.output.rows(in: found)
        martlet_add_fixed_rows(
          kernels, &rule, &left, &right, &result, Int32(problem.rows.lowerBound), Int32(problem.rows.upperBound))
        #expect(found.isIntact)
        #expect(found.firstDifference(from: expected) == nil, "\(name(kernels)) \(problem.description) \(rule)")
      }
    }
  }
}

import CShim
import Testing

/// Every family of float tiles that this processor has.
private let families = (0..<3).filter { martlet_float_kernels_at(Int32($0)) != nil }

@Suite struct MatrixProductTests {
  @Test(arguments: families, 0..<120) func equalsDefinition(family: Int, seed: Int) throws {
    let kernels = try #require(martlet_float_kernels_at(Int32(family)))
    var random = SeededGenerator(seed)
    let (m, n) = (random.size(1...70), random.size(1...70))
    let k = seed % 6 == 0 ? random.size(380...900) : random.size(1...90)
    let (aStride, cStride) = (k + random.size(0...3), n + random.size(0...3))
    let a = random.tensor([m, aStride])
    let b = random.tensor([n, k])
    let bias = random.tensor([n])
    let initial = random.tensor([m, n])
    let (usesBias, usesInitial) = (random.size(0...1) == 1, random.size(0...1) == 1)
    let high: Float = random.size(0...1) == 1 ? 0.5 : .infinity
    var packed = [Float](repeating: .nan, count: martlet_float_packed_b_count(Int32(n), Int32(k)))
    martlet_float_pack_b(&packed, b.values, 1, k, Int32(n), Int32(k))
    var c = [Float](repeating: 777, count: m * cStride)
    initial.values.withUnsafeBufferPointer { initial in
      bias.values.withUnsafeBufferPointer { bias in
        var ending = martlet_float_ending(
          initial: usesInitial ? initial.baseAddress : nil, initial_stride: n,
          bias: usesBias ? bias.baseAddress : nil, low: -.infinity, high: high)
        martlet_float_gemm(
          kernels, a.values, aStride, packed, &c, cStride, Int32(m), Int32(n), Int32(k), &ending)
      }
    }
    var (worst, touchedGap) = (0.0, false)
    for row in 0..<m {
      for column in n..<cStride where c[row * cStride + column] != 777 { touchedGap = true }
      for column in 0..<n {
        var sum = usesBias ? Double(bias.values[column]) : 0
        if usesInitial { sum += Double(initial.values[row * n + column]) }
        var (left, right) = (row * aStride, column * k)
        for _ in 0..<k {
          sum += Double(a.values[left]) * Double(b.values[right])
          left += 1
          right += 1
        }
        worst = max(worst, abs(Double(c[row * cStride + column]) - min(Double(high), sum)))
      }
    }
    #expect(worst < 1e-4)
    #expect(!touchedGap)
  }

  @Test(arguments: families) func depthwisePixels(family: Int) throws {
    let kernels = try #require(martlet_float_kernels_at(Int32(family)))
    var random = SeededGenerator(family)
    for (channels, pixels, stride) in [
      (1, 5, 1), (3, 1, 2), (8, 9, 1), (15, 2, 2), (16, 4, 1), (17, 3, 1), (24, 6, 2), (32, 8, 1), (64, 1, 1),
      (64, 7, 2), (100, 3, 1), (131, 5, 1),
    ] {
      let width = (pixels - 1) * stride + 3
      let (input, weights) = (random.tensor([3, width, channels]), random.tensor([2, 3, channels]))
      let bias = random.tensor([channels])
      var output = [Float](repeating: 777, count: pixels * channels + 1)
      output.withUnsafeMutableBufferPointer { output in
        input.values.withUnsafeBufferPointer { input in
          weights.values.withUnsafeBufferPointer { weights in
            bias.values.withUnsafeBufferPointer { bias in
              var taps = martlet_float_taps(
                input: input.baseAddress, weights: weights.baseAddress, input_row: width * channels,
                input_column: channels, weights_row: 3 * channels, weights_column: channels, rows: 2, columns: 3,
                bias: bias.baseAddress, output: output.baseAddress, channels: Int32(channels), pixels: Int32(pixels),
                pixel_step: stride * channels, low: -1, high: 1)
              kernels.pointee.depthwise(&taps)
            }
          }
        }
      }
      #expect(output[pixels * channels] == 777)
      for pixel in 0..<pixels {
        for channel in 0..<channels {
          var sum = bias.values[channel]
          for row in 0..<2 {
            for column in 0..<3 {
              sum += input[row, pixel * stride + column, channel] * weights[row, column, channel]
            }
          }
          #expect(abs(output[pixel * channels + channel] - min(1, max(-1, sum))) < 1e-5)
        }
      }
    }
  }
}

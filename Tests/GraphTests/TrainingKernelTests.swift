import CShim
import Testing

/// Every family of float primitives that this processor has.
private let families = (0..<3).filter { martlet_float_kernels_at(Int32($0)) != nil }

/// The primitives of training against their definitions.
@Suite struct TrainingKernelTests {
  /// An image with its padding, and windows over it.
  private struct Case {
    let (rows, pixels, tapRows, tapColumns, channels, outputs): (Int, Int, Int, Int, Int, Int)
    let (stride, dilation, width): (Int, Int, Int)
    let image: [Float]
    var walk = martlet_float_walk()

    init(_ random: inout SeededGenerator, isDepthwise: Bool) {
      (rows, pixels) = (random.size(1...6), random.size(1...31))
      let kernels = [(3, 3), (1, 1), (2, 2), (1, 2), (2, 1), (5, 5), (2, 7)]
      (tapRows, tapColumns) = kernels[random.size(0...6)]
      channels = random.size(1...50)
      outputs = isDepthwise ? channels : random.size(1...50)
      (stride, dilation) = (random.size(1...3), random.size(1...2))
      width = (pixels - 1) * stride + (tapColumns - 1) * dilation + 1
      let height = (rows - 1) * stride + (tapRows - 1) * dilation + 1
      image = random.tensor([height, width, channels]).values
      let isMerged = !isDepthwise && dilation == 1
      (walk.rows, walk.pixels) = (Int32(rows), Int32(pixels))
      (walk.tap_rows, walk.tap_columns) = (Int32(tapRows), isMerged ? 1 : Int32(tapColumns))
      walk.depth = Int32(isMerged ? tapColumns * channels : channels)
      (walk.row, walk.pixel) = (stride * width * channels, stride * channels)
      (walk.tap_row, walk.tap_column) = (dilation * width * channels, dilation * channels)
      (walk.output_row, walk.output_pixel) = (pixels * outputs + 5, outputs)
    }

    var outputCount: Int { rows * walk.output_row }
    func value(_ row: Int, _ pixel: Int, _ tapRow: Int, _ tapColumn: Int, _ channel: Int) -> Double {
      let place = (row * stride + tapRow * dilation) * width + pixel * stride + tapColumn * dilation
      return Double(image[place * channels + channel])
    }
    func place(_ row: Int, _ pixel: Int) -> Int { row * walk.output_row + pixel * outputs }

    /// Σ over pixels of the products of a window's element and the output's gradient.
    func slope(_ gradient: [Float], _ tapRow: Int, _ tapColumn: Int, _ channel: Int, _ output: Int) -> Double {
      var sum = 0.0
      for row in 0..<rows {
        for pixel in 0..<pixels {
          sum += value(row, pixel, tapRow, tapColumn, channel) * Double(gradient[place(row, pixel) + output])
        }
      }
      return sum
    }
  }

  @Test(arguments: families, 0..<40) func dense(family: Int, seed: Int) throws {
    let kernels = try #require(martlet_float_kernels_at(Int32(family)))
    var random = SeededGenerator(seed)
    var c = Case(&random, isDepthwise: false)
    let taps = c.tapRows * c.tapColumns
    let depth = taps * c.channels
    let (weights, bias) = (random.tensor([depth, c.outputs]).values, random.tensor([c.outputs]).values)
    var packed = [Float](repeating: .nan, count: martlet_float_packed_b_count(Int32(c.outputs), Int32(depth)))
    // The taps may lie anywhere: here, backwards.
    let places = (0..<taps).map { (taps - 1 - $0) * c.channels * c.outputs }
    martlet_float_pack_taps(
      &packed, weights, places, Int32(taps), c.outputs, Int32(c.outputs), Int32(c.channels))
    var output = [Float](repeating: 777, count: c.outputCount)
    martlet_float_walk_multiply(kernels, &c.walk, c.image, packed, bias, &output, Int32(c.outputs), -2, .infinity)
    let gradient = random.tensor([c.outputCount]).values
    var sums = [Float](repeating: 0.5, count: c.outputs * (depth + 3))
    martlet_float_walk_outer(kernels, &c.walk, c.image, gradient, Int32(c.outputs), &sums, depth + 3)
    var worst = 0.0
    for out in 0..<c.outputs {
      for row in 0..<c.rows {
        for pixel in 0..<c.pixels {
          var sum = Double(bias[out])
          for tap in 0..<taps {
            for channel in 0..<c.channels {
              let weight = weights[((taps - 1 - tap) * c.channels + channel) * c.outputs + out]
              sum += c.value(row, pixel, tap / c.tapColumns, tap % c.tapColumns, channel) * Double(weight)
            }
          }
          worst = max(worst, abs(Double(output[c.place(row, pixel) + out]) - max(-2, sum)))
        }
      }
      for tap in 0..<taps {
        for channel in 0..<c.channels {
          let slope = c.slope(gradient, tap / c.tapColumns, tap % c.tapColumns, channel, out)
          worst = max(worst, abs(Double(sums[out * (depth + 3) + tap * c.channels + channel]) - 0.5 - slope))
        }
      }
      #expect(sums[out * (depth + 3) + depth] == 0.5)
    }
    #expect(worst < 1e-4)
    for row in 0..<c.rows { #expect(output[row * c.walk.output_row + c.pixels * c.outputs] == 777) }
  }

  @Test(arguments: families, 0..<40) func depthwise(family: Int, seed: Int) throws {
    let kernels = try #require(martlet_float_kernels_at(Int32(family)))
    var random = SeededGenerator(seed)
    var c = Case(&random, isDepthwise: true)
    let taps = c.tapRows * c.tapColumns
    let (weights, bias) = (random.tensor([taps, c.channels]).values, random.tensor([c.channels]).values)
    var output = [Float](repeating: 777, count: c.outputCount)
    kernels.pointee.depthwise_walk(&c.walk, c.image, weights, bias, &output, -.infinity, 1.5)
    let gradient = random.tensor([c.outputCount]).values
    var sums = [Float](repeating: 0.5, count: taps * c.channels)
    kernels.pointee.depthwise_outer(&c.walk, c.image, gradient, &sums)
    var worst = 0.0
    for channel in 0..<c.channels {
      for row in 0..<c.rows {
        for pixel in 0..<c.pixels {
          let sum = (0..<taps).reduce(Double(bias[channel])) { sum, tap in
            sum + c.value(row, pixel, tap / c.tapColumns, tap % c.tapColumns, channel)
              * Double(weights[tap * c.channels + channel])
          }
          worst = max(worst, abs(Double(output[c.place(row, pixel) + channel]) - min(1.5, sum)))
        }
      }
      for tap in 0..<taps {
        let slope = c.slope(gradient, tap / c.tapColumns, tap % c.tapColumns, channel, channel)
        worst = max(worst, abs(Double(sums[tap * c.channels + channel]) - 0.5 - slope))
      }
    }
    #expect(worst < 1e-4)
    for row in 0..<c.rows { #expect(output[row * c.walk.output_row + c.pixels * c.channels] == 777) }
  }

  @Test(arguments: families, [1, 3, 16, 17, 40, 600]) func normalization(family: Int, channels: Int) throws {
    let kernels = try #require(martlet_float_kernels_at(Int32(family)))
    var random = SeededGenerator(channels)
    let pixels = channels > 500 ? 21 : 4100 / channels + 3
    let offset: Float = 100  // Far from 0: a sum of squares would lose the variance.
    let x = random.tensor([pixels, channels]).values.map { $0 + offset }
    var (moments, scratch) = ([Float](repeating: .nan, count: 2 * channels), [Float](repeating: 0, count: 2 * channels))
    martlet_float_moments(kernels, x, pixels, Int32(channels), &moments, &scratch)
    let mean = Array(moments[..<channels])
    let (multipliers, factors) = (random.tensor([channels]).values, random.tensor([3 * channels]).values)
    let offsets = zip(multipliers, random.tensor([channels]).values).map { $1 - $0 * offset }
    let gradient = random.tensor([pixels, channels]).values
    var (y, back) = ([Float](repeating: .nan, count: x.count), [Float](repeating: .nan, count: x.count))
    var sums = [Float](repeating: 0.25, count: 2 * channels)
    multipliers.withUnsafeBufferPointer { multipliers in
      offsets.withUnsafeBufferPointer { offsets in
        mean.withUnsafeBufferPointer { mean in
          var plan = martlet_float_normalization(
            multipliers: multipliers.baseAddress, offsets: offsets.baseAddress, mean: mean.baseAddress, low: -0.5,
            high: 0.75, channels: Int32(channels))
          martlet_float_normalize(kernels, &plan, x, &y, pixels)
          martlet_float_normalization_sums(kernels, &plan, x, gradient, pixels, &sums)
          martlet_float_normalization_gradient(kernels, &plan, x, gradient, factors, &back, pixels)
        }
      }
    }
    for channel in 0..<channels {
      let places = (0..<pixels).map { $0 * channels + channel }
      let exact = places.reduce(0) { $0 + Double(x[$1]) } / Double(pixels)
      let squares = places.reduce(0) { $0 + (Double(x[$1]) - exact) * (Double(x[$1]) - exact) }
      #expect(abs(Double(mean[channel]) - exact) < 1e-4)
      #expect(abs(Double(moments[channels + channel]) - squares) < 1e-4 * max(1, squares))
      var (plain, weighted) = (0.25, 0.25)
      for place in places {
        let value = x[place] * multipliers[channel] + offsets[channel]
        #expect(y[place] == min(0.75, max(-0.5, value)))
        let slope = value > -0.5 && value < 0.75 ? gradient[place] : 0
        plain += Double(slope)
        weighted += Double(slope) * Double(x[place] - mean[channel])
        let expected =
          slope * factors[channel] + x[place] * factors[channels + channel] + factors[2 * channels + channel]
        #expect(abs(back[place] - expected) < 1e-4)
      }
      #expect(abs(Double(sums[channel]) - plain) < 1e-3 && abs(Double(sums[channels + channel]) - weighted) < 1e-3)
    }
  }

  @Test func padsAndCutsOff() {
    let image = (1...12).map { Float($0) }  // 2 rows of 3 pixels of 2 channels
    var padded = [Float](repeating: 777, count: 3 * 5 * 2)
    martlet_float_pad(&padded, 3, 5, image, 2, 3, 1, 1, 2)
    let row: [Float] = [0, 0, 1, 2, 3, 4, 5, 6, 0, 0]
    #expect(padded == [Float](repeating: 0, count: 10) + row + [0, 0, 7, 8, 9, 10, 11, 12, 0, 0])
    var cut = [Float](repeating: 777, count: 2 * 2 * 2)
    martlet_float_pad(&cut, 2, 2, image, 2, 3, -1, -2, 2)
    #expect(cut == [11, 12, 0, 0, 0, 0, 0, 0])
  }
}

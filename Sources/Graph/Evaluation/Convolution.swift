import CShim

/// Multiply-accumulates below which a second thread costs more than it brings.
let smallestConvolutionPart = 1 << 16

/// A float convolution whose geometry is known: splits output pixels or channels over threads.
struct FloatConvolution: @unchecked Sendable {
  /// What C reads; its pointers are filled in by the methods.
  private var plan = martlet_float_convolution()
  private let images: Int

  /// `groups` 0: depthwise.
  init(
    image: [Int], window: Window2D, outputs: Int, groups: Int, clamp: ClosedRange<Float>?
  ) {
    images = image[0]
    (plan.input_height, plan.input_width) = (Int32(image[1]), Int32(image[2]))
    (plan.input_channels, plan.output_channels) = (Int32(image[3]), Int32(outputs))
    (plan.output_height, plan.output_width) = (Int32(window.outputHeight), Int32(window.outputWidth))
    (plan.kernel_height, plan.kernel_width) = (Int32(window.rows.window), Int32(window.columns.window))
    (plan.stride_height, plan.stride_width) = (Int32(window.rows.stride), Int32(window.columns.stride))
    (plan.dilation_height, plan.dilation_width) = (Int32(window.rows.dilation), Int32(window.columns.dilation))
    (plan.pad_top, plan.pad_left) = (Int32(window.rows.before), Int32(window.columns.before))
    plan.groups = Int32(groups)
    (plan.low, plan.high) = bounds(clamp)
  }

  private var inputCount: Int { Int(plan.input_height) * Int(plan.input_width) * Int(plan.input_channels) }
  private var pixels: Int { Int(plan.output_height) * Int(plan.output_width) }
  private var outputCount: Int { pixels * Int(plan.output_channels) }

  private var shape: [Int] {
    [images, Int(plan.output_height), Int(plan.output_width), Int(plan.output_channels)]
  }

  /// A dense convolution with packed weights.
  func dense(
    _ image: Tensor, weights: PackedFloats, bias: Tensor, residual: Tensor?, on workers: Workers
  ) -> Tensor {
    workers.tensor(shape) { output in
      image.withPointer { input in
        bias.withPointer { bias in
          var plan = plan
          plan.weights = UnsafePointer(weights.base)
          plan.bias = bias
          for index in 0..<images {
            let (from, into) = (input + index * inputCount, output + index * outputCount)
            if let residual {
              residual.withPointer { dense(plan, from, $0 + index * outputCount, into, on: workers) }
            } else {
              dense(plan, from, nil, into, on: workers)
            }
          }
        }
      }
    }
  }

  /// One image: few pixels and many channels are split by channels, so that each thread reads its own weights.
  private func dense(
    _ plan: martlet_float_convolution, _ input: UnsafePointer<Float>, _ residual: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>, on workers: Workers
  ) {
    nonisolated(unsafe) let (plan, input, residual, output) = (plan, input, residual, output)
    let scratchCount = withUnsafePointer(to: plan) { martlet_float_convolution_scratch_count($0) }
    let groups = Int(plan.groups)
    let blocks = (Int(plan.output_channels) / groups + 15) / 16
    let macsAPixel =
      Int(plan.kernel_height) * Int(plan.kernel_width) * Int(plan.input_channels) / groups * Int(plan.output_channels)
    let run: @Sendable (Range<Int>, Range<Int>) -> Void = { pixels, blocks in
      let scratch = PackedFloats(count: scratchCount)
      withUnsafePointer(to: plan) { plan in
        martlet_float_convolution_pixels(
          FloatKernels.best, plan, input, residual, output, Int32(pixels.lowerBound), Int32(pixels.upperBound),
          Int32(blocks.lowerBound), Int32(blocks.upperBound), scratch.base)
      }
    }
    let pixels = pixels
    if pixels <= 128, blocks >= 4 * workers.count {
      let pairs = (blocks + 1) / 2
      let minimum = max(1, smallestConvolutionPart * pairs / max(1, macsAPixel * pixels))
      workers.split(pairs, minimum: minimum) { run(0..<pixels, $0.lowerBound * 2..<min($0.upperBound * 2, blocks)) }
    } else {
      workers.split(pixels, minimum: max(1, smallestConvolutionPart / max(1, macsAPixel))) { run($0, 0..<blocks) }
    }
  }

  /// A depthwise convolution with KH×KW×C weights.
  func depthwise(_ image: Tensor, weights: Tensor, bias: Tensor, on workers: Workers) -> Tensor {
    workers.tensor(shape) { output in
      image.withPointer { input in
        weights.withPointer { weights in
          bias.withPointer { bias in
            var plan = plan
            plan.weights = weights
            plan.bias = bias
            nonisolated(unsafe) let (shared, input, output) = (plan, input, output)
            let rows = Int(plan.output_height)
            let macsARow =
              Int(plan.output_width) * Int(plan.kernel_height) * Int(plan.kernel_width) * Int(plan.input_channels)
            workers.split(images * rows, minimum: max(1, smallestConvolutionPart / 8 / max(1, macsARow))) { range in
              forEachImage(range, rows: rows) { index, part in
                withUnsafePointer(to: shared) { plan in
                  martlet_float_depthwise_rows(
                    FloatKernels.best, plan, input + index * inputCount, output + index * outputCount,
                    Int32(part.lowerBound), Int32(part.upperBound))
                }
              }
            }
          }
        }
      }
    }
  }
}

/// Cuts a range of rows counted over all images into ranges inside each image.
private func forEachImage(_ range: Range<Int>, rows: Int, _ body: (Int, Range<Int>) -> Void) {
  var row = range.lowerBound
  while row < range.upperBound {
    let (image, first) = row.quotientAndRemainder(dividingBy: rows)
    let end = min(rows, first + range.upperBound - row)
    body(image, first..<end)
    row += end - first
  }
}

/// Packs OC×K weights (K = all taps of one output) for each group's matrix product.
func packedMatrices(_ weights: Tensor, outputs: Int, groups: Int) -> PackedFloats {
  let depth = weights.count / outputs
  let groupOutputs = outputs / groups
  let packedCount = martlet_float_packed_b_count(Int32(groupOutputs), Int32(depth))
  return PackedFloats(count: groups * packedCount) { packed in
    weights.withPointer { weights in
      for group in 0..<groups {
        martlet_float_pack_b(
          packed + group * packedCount, weights + group * groupOutputs * depth, 1, depth, Int32(groupOutputs),
          Int32(depth))
      }
    }
  }
}

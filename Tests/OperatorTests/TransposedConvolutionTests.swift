import Graph
import Testing

struct TransposedConvolutionTests {
  /// A convolution that computes the stride's phases, DepthToSpace and Slice: one rounding in all.
  @Test(arguments: 0..<30 as Range<UInt64>) func agrees(seed: UInt64) throws {
    try check(
      Problem(seed) { problem in
        let groups = problem.pick([1, 1, 2])
        let depth = problem.pick([1, 4, 17])
        let x = problem.image(2...6, channels: groups * depth)
        let shape = problem.graph[x].shape
        let outputs = groups * problem.pick([1, 3, 16])
        let axes = (1...2).map { axis in
          let (kernel, stride) = (problem.pick(1...4), problem.pick(1...3))
          let whole = (shape[axis] - 1) * stride + kernel
          let cropped = problem.pick(0...(kernel - 1) / 2)
          return TransposedConvolution.Axis(
            kernel: kernel, stride: stride, dilation: 1, cropped: cropped, input: shape[axis],
            output: whole - cropped - problem.pick(0...(kernel - 1) / 2) + problem.pick(0...stride - 1))
        }
        let layer = TransposedConvolution(rows: axes[0], columns: axes[1], groups: groups)
        let weights = problem.weights([outputs, axes[0].kernel, axes[1].kernel, depth])
        let bias = problem.bias(outputs)
        let tensors = (problem.graph[weights].constant!, problem.graph[bias].constant!)
        let phases = try problem.apply(
          layer.convolution, x, problem.graph.addConstant("weights", layer.exactWeights(tensors.0)),
          problem.graph.addConstant("bias", layer.bias(tensors.1)))
        let pixels = try problem.apply(layer.depthToSpace, phases)
        return [try problem.apply(layer.slice(channels: outputs), pixels)]
      })
  }
}

extension TransposedConvolution {
  /// The weights with 127 units among each channel's, so that quantizing them loses nothing.
  fileprivate func exactWeights(_ tensor: Tensor) -> Tensor {
    var result = weights(tensor)
    let taps = result.count / result.shape[0]
    for channel in 0..<result.shape[0] {
      let range = channel * taps..<(channel + 1) * taps
      guard result.values[range].contains(where: { $0 != 0 }) else { continue }
      let largest = range.max { abs(result.values[$0]) < abs(result.values[$1]) }!
      let unit = Self.unit(of: result.values[range])
      result.values[largest] = result.values[largest] < 0 ? -127 * unit : 127 * unit
    }
    return result
  }

  /// The largest power of two of which all are multiples of at most 127.
  private static func unit(of values: ArraySlice<Float>) -> Float {
    var unit: Float = 0.0078125
    while values.contains(where: { ($0 / unit).rounded() != $0 / unit }) { unit /= 2 }
    return unit
  }
}

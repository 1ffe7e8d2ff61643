/// An operator that computes, in float32, the int8 values that its packed form computes, and gives them as real numbers:
/// what quantization-aware training puts in an operator's place (Jacob et al. 2018, section 3).
///
/// Weighted layers round their float weights and biases as packing does and add up whole numbers, which float32 holds
/// exactly as long as sums stay below 2²⁴; each further step is rounded as the runtime rounds it. Gradients pass rounding
/// as if it were not there (the straight-through estimator, Bengio et al. 2013) and stop where the fused activation clamps.
public struct SimulatedOperator: DifferentiableOperator {
  /// "Simulated".
  public static var kind: String { "Simulated" }
  /// The operator in float.
  public let inner: any DifferentiableOperator
  /// Of each input that is an activation; nil for constants.
  let inputs: [Quantization?]
  /// Of the output.
  let output: Quantization
  /// The fused activation, in real values.
  let clamp: ClosedRange<Float>?

  /// - Throws: `GraphError` when a rule is missing or not of eight bits, or the operator cannot be trained.
  init(_ node: Node, in graph: Graph) throws(GraphError) {
    guard let inner = node.operation as? any DifferentiableOperator else {
      throw GraphError("\(node.name): \(node.operation.kind) cannot be trained: its gradient is not known")
    }
    self.inner = inner
    var rules: [Quantization?] = []
    for id in node.inputs where graph[id].constant != nil || graph[id].quantization?.element == .int8 {
      rules.append(graph[id].constant == nil ? graph[id].quantization : nil)
    }
    guard rules.count == node.inputs.count, node.outputs.count == 1, let output = graph[node.outputs[0]].quantization,
      output.element == .int8
    else {
      throw GraphError("\(node.name): quantization-aware training takes layers of one int8 result from int8 values")
    }
    (inputs, self.output, clamp) = (rules, output, node.clamp)
  }

  /// The operator's.
  /// - Throws: as the operator does.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] { try inner.outputShapes(inputs) }

  /// The operator's.
  public func macs(inputs: [[Int]], output: [Int]) -> Int { inner.macs(inputs: inputs, output: output) }

  /// The operator's.
  public var obstacleToGradients: String? { inner.obstacleToGradients }

  /// Real values of the int8 results.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    if let layer = SimulatedLayer(self, inputs) { return [layer.evaluate(inputs, on: workers)] }
    switch inner {
    case let operation as AveragePool2D:
      let factor = Float(scale(0) / Double(output.scale))
      var sums = operation.scaledSums(steps(inputs, 0, on: workers), factor: factor, on: workers)
      finish(&sums, on: workers)
      return [sums]
    case is Add:
      let operands = (0..<2).map { position in
        scaled(steps(inputs, position, on: workers), by: Float(scale(position) / Double(output.scale)), on: workers)
      }
      var sums = inner.evaluate(operands, on: workers)[0]
      finish(&sums, on: workers)
      return [sums]
    case is Multiply:
      let operands = (0..<2).map { steps(inputs, $0, on: workers) }
      let factor = Float(scale(0) * scale(1) / Double(output.scale))
      var products = scaled(inner.evaluate(operands, on: workers)[0], by: factor, on: workers)
      finish(&products, on: workers)
      return [products]
    default: return [rounded(inner.evaluate(quantized(inputs, on: workers), on: workers)[0], on: workers)]
    }
  }

  /// The operator's, at the rounded inputs and weights.
  public func gradients(
    _ inputs: [Tensor], output: Tensor, gradient: Tensor, wanted: [Bool], on workers: Workers
  ) -> [Tensor?] {
    let operands = SimulatedLayer(self, inputs)?.operands(inputs, on: workers) ?? quantized(inputs, on: workers)
    return inner.gradients(
      operands, output: output, gradient: passing(gradient, output, on: workers), wanted: wanted, on: workers)
  }

  /// The gradient, 0 where the activation clamps.
  private func passing(_ gradient: Tensor, _ output: Tensor, on workers: Workers) -> Tensor {
    guard let clamp else { return gradient }
    let low = clamp.lowerBound.isFinite ? real(self.output.quantize(clamp.lowerBound)) : -.infinity
    let high = clamp.upperBound.isFinite ? real(self.output.quantize(clamp.upperBound)) : .infinity
    var result = gradient
    output.withPointer { output in
      result.values.withUnsafeMutableBufferPointer { values in
        for index in values.indices where output[index] <= low || output[index] >= high { values[index] = 0 }
      }
    }
    return result
  }

  private func real(_ value: Int8) -> Float { output.real(value) }

  func scale(_ position: Int) -> Double { Double(inputs[position]?.scale ?? 1) }

  /// Whole numbers: an input's int8 values less their zero point.
  func steps(_ inputs: [Tensor], _ position: Int, on workers: Workers) -> Tensor {
    guard let rule = self.inputs[position] else { return inputs[position] }
    let (scale, zeroPoint) = (rule.scale, Float(rule.zeroPoint))
    return mapLines(inputs[position], on: workers) { into, from, count in
      for index in 0..<count {
        into[index] = limited(nearest(from[index] / scale), -128 - zeroPoint, 127 - zeroPoint)
      }
    }
  }

  /// The inputs' real values; those of activations are rounded where they are not yet.
  func quantized(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    inputs.indices.map { position in
      guard let rule = self.inputs[position] else { return inputs[position] }
      return scaled(steps(inputs, position, on: workers), by: rule.scale, on: workers)
    }
  }

  private func scaled(_ tensor: Tensor, by factor: Float, on workers: Workers) -> Tensor {
    mapLines(tensor, on: workers) { into, from, count in
      for index in 0..<count { into[index] = from[index] * factor }
    }
  }

  /// Rounds real results.
  private func rounded(_ tensor: Tensor, on workers: Workers) -> Tensor {
    let scale = output.scale
    let (low, high) = (clamp?.lowerBound ?? -.infinity, clamp?.upperBound ?? .infinity)
    var result = mapLines(tensor, on: workers) { into, from, count in
      for index in 0..<count { into[index] = limited(from[index], low, high) / scale }
    }
    finish(&result, clamps: false, on: workers)
    return result
  }

  /// From multiples of the output's scale, still to be rounded, to real values.
  func finish(_ tensor: inout Tensor, clamps: Bool = true, on workers: Workers) {
    let bounds = stepBounds(clamps: clamps)
    let scale = output.scale
    tensor.forEachPart(on: workers, unit: 1) { values, count in
      for index in 0..<count { values[index] = limited(nearest(values[index]), bounds.low, bounds.high) * scale }
    }
  }

  /// The results' limits, less their zero point.
  func stepBounds(clamps: Bool = true) -> (low: Float, high: Float) {
    let zeroPoint = Float(output.zeroPoint)
    guard clamps, let clamp else { return (-128 - zeroPoint, 127 - zeroPoint) }
    return (
      Float(output.quantize(clamp.lowerBound)) - zeroPoint, Float(output.quantize(clamp.upperBound)) - zeroPoint
    )
  }
}

/// The nearest whole number, halves to even, of a value limited to 16 bits, as the runtime rounds (`martlet_round`).
@inline(__always) func nearest(_ value: Float) -> Float {
  (limited(value, -32768, 32767) + 12_582_912) - 12_582_912
}

/// A number that is none becomes `low`.
@inline(__always) func limited(_ value: Float, _ low: Float, _ high: Float) -> Float {
  value > low ? (value < high ? value : high) : low
}

extension AveragePool2D {
  /// For each window (its sum times factor ÷ the taps that it counts), the sum of whole numbers being exact.
  func scaledSums(_ x: Tensor, factor: Float, on workers: Workers) -> Tensor {
    let geometry = Window2D(uncheckedImage: x.shape, window, stride, .one, padding, roundsUp)
    let channels = x.shape[3]
    return pool(x, geometry, on: workers, start: 0) { into, from, count in
      for index in 0..<count { into[index] += from[index] }
    } finish: { into, row, column in
      let taps =
        countsPadding
        ? geometry.rows.paddedTapCount(row) * geometry.columns.paddedTapCount(column)
        : geometry.rows.taps(row).count * geometry.columns.taps(column).count
      let share = factor / Float(max(1, taps))
      for index in 0..<channels { into[index] *= share }
    }
  }
}

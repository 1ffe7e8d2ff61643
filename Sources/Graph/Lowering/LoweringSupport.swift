/// What several operators' lowering needs to say in the same words.
extension LoweringContext {
  /// The rule of an input that is an activation of eight bits.
  /// - Throws: `GraphError` when it is a constant, was never quantized, or is wider.
  func activation(_ index: Int) throws(GraphError) -> Quantization {
    try eightBits(anyActivation(index), "input \(index)")
  }

  /// The rule of an output of eight bits.
  /// - Throws: `GraphError` when it was never quantized, or is wider.
  func outputRule() throws(GraphError) -> Quantization { try eightBits(anyOutputRule(), "its output") }

  private func eightBits(_ rule: Quantization, _ what: String) throws(GraphError) -> Quantization {
    guard rule.element == .int8 else {
      throw GraphError(
        "\(name): \(what) has values of \(rule.element), for which this operator has no packed form; "
          + "quantize the layer to int8")
    }
    return rule
  }

  /// The rule of an input that is an activation, whatever its element type.
  /// - Throws: `GraphError` when it is a constant or was never quantized.
  func anyActivation(_ index: Int) throws(GraphError) -> Quantization {
    if inputs[index].constant != nil {
      throw GraphError(
        "\(name): input \(index) is a constant, which the packed network cannot hold as an activation; "
          + "fold it into a neighbouring layer or give one value a channel")
    }
    return try usable(inputs[index].quantization, "input \(index)")
  }

  /// The rule of the output, whatever its element type.
  /// - Throws: `GraphError` when it was never quantized.
  func anyOutputRule() throws(GraphError) -> Quantization { try usable(output.quantization, "its output") }

  private func usable(_ quantization: Quantization?, _ what: String) throws(GraphError) -> Quantization {
    guard let quantization else {
      throw GraphError("\(name): \(what) has no quantization; calibrate the network before packing it")
    }
    guard quantization.isPossible else {
      throw GraphError(
        "\(name): \(what) has the impossible quantization scale \(quantization.scale), zero point "
          + "\(quantization.zeroPoint); calibrate it again")
    }
    return quantization
  }

  /// The value of a constant input.
  /// - Throws: `GraphError` when it is computed at run time.
  func constant(_ index: Int, _ what: String) throws(GraphError) -> Tensor {
    guard let tensor = inputs[index].constant else {
      throw GraphError(
        "\(name): its \(what) must be a constant, but is computed at run time; int8 has no form for that")
    }
    return tensor
  }

  /// The fused clamp as int8 values of the output.
  func clampBounds() throws(GraphError) -> (low: Int32, high: Int32) {
    let rule = try outputRule()
    guard let clamp else { return (-128, 127) }
    return (Int32(rule.quantize(clamp.lowerBound)), Int32(rule.quantize(clamp.upperBound)))
  }

  /// An input's shape at run time.
  func runtimeShape(_ index: Int) throws(GraphError) -> RuntimeShape {
    try RuntimeShape(inputs[index].shape, "\(name): input \(index)")
  }

  /// The output's shape at run time.
  func runtimeOutputShape() throws(GraphError) -> RuntimeShape {
    try RuntimeShape(output.shape, "\(name): the output")
  }

  /// - Throws: `GraphError` unless the output is quantized as input 0 is.
  func expectSameQuantization() throws(GraphError) {
    let (from, to) = (try anyActivation(0), try anyOutputRule())
    guard from == to else {
      throw GraphError(
        "\(name): its bytes pass through, but its input has scale \(from.scale) and zero point \(from.zeroPoint) and "
          + "its output \(to.scale) and \(to.zeroPoint); give both the same quantization")
    }
  }

  /// - Throws: `GraphError` unless each operand is the output's shape, one value a channel, or one value a pixel.
  func expectRuntimeBroadcast() throws(GraphError) {
    let whole = try runtimeOutputShape()
    for index in 0..<2 {
      let operand = try runtimeShape(index)
      let coversSpace = operand.height == whole.height && operand.width == whole.width
      guard coversSpace || (operand.height == 1 && operand.width == 1),
        operand.channels == whole.channels || operand.channels == 1
      else {
        throw GraphError(
          "\(name): an operand of shape \(inputs[index].shape) cannot be repeated to \(output.shape) at run time; "
            + "only one value a channel, or one a pixel, can")
      }
    }
  }

  /// First rows, pixels and channels of a part of (or of the padding before) a tensor of `shape`, batch first.
  /// `wholeAxes`: axes that are not cut or padded.
  /// - Throws: `GraphError` when the batch or an inner one of several merged axes is touched.
  func runtimeAmounts(_ amounts: [Int], of shape: [Int], wholeAxes: [Bool]) throws(GraphError) -> [Int] {
    let rank = shape.count
    if rank < 2 { return [0, 0, amounts.first ?? 0] }
    guard wholeAxes[0] else {
      throw GraphError(
        "\(name): the batch axis of \(shape) is cut or padded, but the packed network computes one image at a time; "
          + "leave axis 0 alone")
    }
    guard rank > 4 else { return RuntimeShape.lastAxes(amounts, missing: 0) }
    guard wholeAxes[2..<(rank - 2)].allSatisfy({ $0 }) else {
      throw GraphError("\(name): of the merged axes of \(shape) only axis 1 can be cut or padded at run time")
    }
    return [amounts[1] * shape[2..<(rank - 2)].reduce(1, *), amounts[rank - 2], amounts[rank - 1]]
  }
}

extension RuntimeShape {
  /// An operator's list, batch first, as values for rows, pixels and channels.
  static func lastAxes(_ list: [Int], missing: Int) -> [Int] {
    let inner = list.count < 2 ? list[...] : list.dropFirst()
    return Array(repeating: missing, count: max(0, 3 - inner.count)) + inner.suffix(3)
  }
}

extension Window2D {
  /// The ten parameters that both poolings begin with.
  /// - Throws: `GraphError` when a window may lie in padding alone.
  func poolingParameters(_ name: String) throws(GraphError) -> [Int32] {
    for axis in [rows, columns] {
      guard axis.before < axis.extent, axis.after < axis.extent else {
        throw GraphError("\(name): its padding is as wide as its window; pad the image by a layer of its own")
      }
    }
    return try parameters(
      rows.window, columns.window, rows.stride, columns.stride, rows.dilation, columns.dilation, rows.before,
      columns.before, rows.after, columns.after, of: name)
  }
}

/// A float's bits as a record's parameter.
func parameter(_ value: Float) -> Int32 { Int32(bitPattern: value.bitPattern) }

/// Attributes as a record's parameters.
/// - Throws: `GraphError` when one does not fit 32 bits.
func parameters(_ values: Int..., of name: String) throws(GraphError) -> [Int32] {
  var parameters: [Int32] = []
  for value in values {
    guard let fitting = Int32(exactly: value) else { throw GraphError("\(name): the attribute \(value) is too large") }
    parameters.append(fitting)
  }
  return parameters
}

/// A positive factor for whole numbers of at most `magnitude`, limited so that float32 converts the product to int32.
func limitedFactor(_ factor: Double, magnitude: Double, _ name: String, notes: inout [String]) -> Float {
  let largest = AccumulatorLimits.largestScaled / magnitude
  guard factor > largest || !factor.isFinite else { return Float(factor) }
  notes.append("\(name): its factor \(factor) was limited to \(largest)")
  return Float(largest)
}

import Graph

extension NodeArguments {
  /// The rule of an activation that the inputs `index` (scale) and `index + 1` (zero point) give, and the type of its
  /// integers.
  func activationRule(_ index: Int) throws(Unsupported) -> (rule: Quantization, code: IntegerCode) {
    let scale = try constant(index)
    let zeroPoint = try optionalConstant(index + 1)
    let type = zeroPoint?.type ?? (zeroPoint == nil ? integer("output_dtype", default: 2) : 0)
    guard integer("block_size", default: 0) == 0, scale.count == 1, zeroPoint?.count ?? 1 == 1 else {
      throw Unsupported(
        "it quantizes an activation with \(scale.count) scales", "Quantize activations with one scale each")
    }
    guard let code = IntegerCode(type: type) else {
      throw Unsupported(
        "it quantizes an activation to \(ONNXTensor.typeName(type))", "Quantize activations to int8 or uint8")
    }
    let real = scale.floats[0]
    let point = (zeroPoint?.elements.integers?.first ?? 0) &- code.offset
    guard real > 0, real.isFinite, (-128...127).contains(point) else {
      throw .invalid("its scale \(real) or its zero point is impossible")
    }
    return (Quantization(scale: real, zeroPoint: Int32(point)), code)
  }

  /// A constant in real numbers: scale × (stored − zero point), by the inputs `scaleIndex` and `scaleIndex + 1`.
  ///
  /// Scales may be one, one for each index of `axis`, or one for each block along it (attribute block_size).
  func dequantized(
    _ constant: Constant, scaleIndex: Int, axis named: Int
  ) throws(Unsupported) -> Constant {
    guard let stored = constant.elements.integers else {
      throw Unsupported(
        "its constant is of type \(ONNXTensor.typeName(constant.type ?? 0)), not integers",
        "Quantize weights to int8, uint8 or int4")
    }
    let scale = try self.constant(scaleIndex)
    let zeroPoint = try optionalConstant(scaleIndex + 1)
    let scales = scale.floats
    let points = zeroPoint?.elements.integers ?? [Int](repeating: 0, count: scales.count)
    guard scales.count == points.count, scales.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw .invalid("its scales and zero points do not fit each other, or a scale is negative or not finite")
    }
    if scales.count == 1 {
      let values = stored.map { Float($0 &- points[0]) * scales[0] }
      let steps = constant.type == 6 ? stored.map { $0 &- points[0] } : nil
      return Constant(
        shape: constant.shape, elements: .floats(values),
        scales: ConstantScales(scales: scales, axis: nil, steps: steps))
    }
    let axis = try normalizedAxes([named], rank: constant.shape.count)[0]
    let isBlocked = scale.shape.count == constant.shape.count && scale.shape.count > 1
    let block = isBlocked ? integer("block_size", default: 0) : 1
    var expected = isBlocked ? constant.shape : [constant.shape[axis]]
    if isBlocked, block > 0 { expected[axis] = (constant.shape[axis] + block - 1) / block }
    guard block > 0, scale.shape == expected else {
      throw .invalid("its scales of shape \(scale.shape) do not fit a constant of shape \(constant.shape)")
    }
    let inner = constant.shape[(axis + 1)...].reduce(1, *)
    let (length, blocks) = (constant.shape[axis], expected[isBlocked ? axis : 0])
    let values = stored.indices.map { index in
      let (outer, place) = (index / (inner * length), index / inner % length)
      let which = isBlocked ? (outer * blocks + place / block) * inner + index % inner : place
      return Float(stored[index] &- points[which]) * scales[which]
    }
    let steps =
      constant.type == 6 && !isBlocked && inner == 1 && constant.shape.count == 1
      ? zip(stored, points).map { $0 &- $1 } : nil
    return Constant(
      shape: constant.shape, elements: .floats(values),
      scales: isBlocked ? nil : ConstantScales(scales: scales, axis: axis, steps: steps))
  }
}

extension Translator {
  /// A quantized activation as the real numbers it stands for.
  /// - Parameter scaleIndex: where its scale is among the inputs; its zero point follows.
  mutating func dequantized(
    _ view: ActivationView, _ node: NodeArguments, scaleIndex: Int
  ) throws(Unsupported) -> ActivationView {
    let (rule, code) = try node.activationRule(scaleIndex)
    guard let own = view.code else { throw .invalid("it reads numbers that nothing quantized as integers") }
    guard own == code else { throw .invalid("its zero point is \(code), but the integers that it reads are \(own)") }
    if graph[view.id].quantization == nil { graph[view.id].quantization = rule }
    guard graph[view.id].quantization == rule else {
      let known = graph[view.id].quantization!
      throw Unsupported(
        "it reads integers of scale \(known.scale) and zero point \(Int(known.zeroPoint) + code.offset) as if their "
          + "scale were \(rule.scale) and their zero point \(Int(rule.zeroPoint) + code.offset)",
        "Give the same scale and zero point where a value is made and where it is read")
    }
    var result = view
    result.code = nil
    return result
  }

  /// An operand in real numbers, whether it is an activation or a constant.
  mutating func dequantizedOperand(
    _ node: NodeArguments, _ index: Int, scaleIndex: Int, axis: Int = 0
  ) throws(Unsupported) -> Operand {
    guard node.has(index), let operand = node.operands[index] else { throw .invalid("its input \(index) is missing") }
    switch operand {
    case .activation(let view): return .activation(try dequantized(view, node, scaleIndex: scaleIndex))
    case .constant(let constant):
      try reserve(constant.count)
      return .constant(try node.dequantized(constant, scaleIndex: scaleIndex, axis: axis))
    case .unavailable: return operand
    }
  }

  /// The value with the quantization that the inputs `scaleIndex` and `scaleIndex + 1` give.
  mutating func quantized(
    _ view: ActivationView, _ node: NodeArguments, scaleIndex: Int
  ) throws(Unsupported) -> ActivationView {
    let (rule, code) = try node.activationRule(scaleIndex)
    var result = view
    result.id = try emit(
      Activation(.clip(low: -.infinity, high: .infinity)), [view.id], name: node.name)
    graph[result.id].quantization = rule
    quantizers.insert(result.id)
    result.code = code
    return result
  }
}

import Graph

/// QuantizeLinear of an activation: it keeps this scale and zero point.
func importQuantizeLinear(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  [.activation(try context.quantized(try node.activation(0), node, scaleIndex: 1))]
}

/// DequantizeLinear of an activation: the same value.
func importDequantizeLinear(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  [.activation(try context.dequantized(try node.activation(0), node, scaleIndex: 1))]
}

/// DequantizeLinear of a constant.
func foldDequantizeLinear(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let constant = try node.constant(0)
  try context.reserve(constant.count)
  return [.constant(try node.dequantized(constant, scaleIndex: 1, axis: node.integer("axis", default: 1)))]
}

/// QuantizeLinear of a constant: the nearest integer, ties to even, limited to the type of the zero point.
func foldQuantizeLinear(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let (constant, scale) = (try node.constant(0), try node.constant(1))
  let zeroPoint = try node.optionalConstant(2)
  let type = zeroPoint?.type ?? node.integer("output_dtype", default: 2)
  let limits = [2: 0...255, 3: -128...127, 4: 0...65535, 5: -32768...32767, 21: 0...15, 22: -8...7]
  guard let range = limits[type], node.integer("block_size", default: 0) == 0 else {
    throw Unsupported(
      "it quantizes a constant in blocks or to \(ONNXTensor.typeName(type))", "Quantize weights to int8 or uint8")
  }
  let scales = scale.floats
  let points = zeroPoint?.elements.integers ?? [Int](repeating: 0, count: scales.count)
  guard points.count == scales.count, scales.allSatisfy({ $0 > 0 && $0.isFinite }) else {
    throw .invalid("its scales and zero points do not fit each other, or a scale is impossible")
  }
  try context.reserve(constant.count)
  var (length, inner) = (1, max(1, constant.count))
  if scales.count > 1 {
    let axis = try node.normalizedAxes([node.integer("axis", default: 1)], rank: constant.shape.count)[0]
    (length, inner) = (constant.shape[axis], constant.shape[(axis + 1)...].reduce(1, *))
    guard length == scales.count else {
      throw .invalid("its \(scales.count) scales do not fit a constant of shape \(constant.shape)")
    }
  }
  let values = constant.floats.enumerated().map { index, value in
    let channel = index / inner % length
    let steps = (value / scales[channel]).rounded(.toNearestOrEven)
    let limited = steps.isNaN ? 0 : Int(max(-1e6, min(1e6, steps)))
    return max(range.lowerBound, min(range.upperBound, limited &+ points[channel]))
  }
  return [.constant(Constant(shape: constant.shape, elements: .integers(values), type: type))]
}

/// DynamicQuantizeLinear chooses a scale for each picture while the network runs, which the packed form does not: the
/// value stays real, with the scale 1 and the zero point 0, so that what is computed from it stays the same.
func importDynamicQuantizeLinear(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  context.note(
    node,
    "the file chooses this scale anew for each input (dynamic quantization); it is imported as a float network, "
      + "to be calibrated")
  return [
    .activation(x), .constant(Constant(shape: [], elements: .floats([1]))),
    .constant(Constant(shape: [], elements: .integers([0]), type: 2)),
  ]
}

extension Translator {
  /// Adds a sentence on what could not be taken over exactly.
  mutating func note(_ node: NodeArguments, _ text: String) { notes.append("\(node.name): \(text)") }
}

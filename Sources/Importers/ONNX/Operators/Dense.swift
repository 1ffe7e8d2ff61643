import Graph

/// Gemm: alpha · A · B + beta · C with constant B and C.
func importGemm(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  var x = try node.activation(0)
  var weights = try node.constant(1)
  guard x.rank == 2, weights.shape.count == 2 else {
    throw .invalid("its operands of shapes \(x.shape) and \(weights.shape) are not matrices")
  }
  if node.integer("transA", default: 0) != 0 { x.source.reverse() }
  if node.integer("transB", default: 0) != 0 { weights = weights.transposed([1, 0]) }
  let outputs = weights.shape[1]
  let alpha = node.float("alpha", default: 1)
  if alpha != 1 { weights.elements = .floats(weights.floats.map { $0 * alpha }) }

  var bias = Tensor(shape: [outputs])
  if let addend = try node.optionalConstant(2) {
    let beta = node.float("beta", default: 1)
    let shape = [Int](repeating: 1, count: max(0, 2 - addend.shape.count)) + addend.shape
    guard shape.count == 2, shape[1] == outputs || shape[1] == 1, shape[0] == 1 || shape[0] == x.shape[0] else {
      throw .invalid("its C of shape \(addend.shape) does not fit a result of shape [\(x.shape[0]), \(outputs)]")
    }
    guard shape[0] == 1 else {
      let product = try context.fullyConnected(x, weights, bias, name: "\(node.name)/product")
      let rows = Constant(shape: shape, elements: .floats(addend.floats.map { beta * $0 }))
      return [.activation(try context.combined(.add, node.with([.activation(product), .constant(rows)])))]
    }
    let values = addend.floats
    bias.values = (0..<outputs).map { beta * values[shape[1] == 1 ? 0 : $0] }
  }
  let isPlain = node.float("beta", default: 1) == 1
  return [
    .activation(
      try context.fullyConnected(
        x, weights, bias, from: isPlain ? try node.optionalConstant(2) : nil, name: node.name))
  ]
}

/// MatMul of an activation with a constant matrix.
func importMatMul(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  var x = try node.activation(0)
  var weights = try node.constant(1)
  while weights.shape.count > 2, weights.shape[0] == 1 { weights.shape.removeFirst() }
  guard weights.shape.count == 2 else {
    throw Unsupported(
      "its weights have the shape \(weights.shape)", "Only a matrix of weights, the same for all rows, can be imported")
  }
  guard x.rank > 0 else { throw .invalid("its first operand is a scalar") }
  let isVector = x.rank == 1
  if isVector { x.source.insert([], at: 0) }
  let bias = Tensor(shape: [weights.shape[1]])
  var result = try context.fullyConnected(x, weights, bias, name: node.name)
  if isVector { result.source.removeFirst() }
  return [.activation(result)]
}

extension Translator {
  /// x · weights + bias over the last axis of the source; `weights` is K×M.
  ///
  /// The rows of the weights take the order in which x's last axis is stored, so that a flattened channels-last image
  /// needs no transpose.
  mutating func fullyConnected(
    _ x: ActivationView, _ weights: Constant, _ bias: Tensor, from biasConstant: Constant? = nil, name: String
  ) throws(Unsupported) -> ActivationView {
    let (depth, outputs) = (weights.shape[0], weights.shape[1])
    let axis = x.rank - 1
    guard x.shape[axis] == depth, outputs > 0 else {
      throw .invalid("its weights of shape \(weights.shape) do not fit an input of shape \(x.shape)")
    }
    let input = try trailing(x, x.source[axis], name: name)
    let last = input.dims[input.dims.count - 1]
    let rowStrides = input.strides(of: input.source[axis], step: outputs)
    let values = stridedCopy(
      weights.floats, sizes: [outputs] + last.map { input.atoms[$0] }, strides: [1] + last.map { rowStrides[$0]! })
    let constants = [
      graph.addConstant("\(name)/weights", Tensor(shape: [outputs, depth], values: values)),
      graph.addConstant("\(name)/bias", bias),
    ]
    keepScales(of: weights, axis: 1, bias: biasConstant, as: constants)
    var result = input
    result.id = try emit(FullyConnected(), [input.id] + constants, name: name)
    result.source[axis] = []
    result.dims[result.dims.count - 1] = []
    if outputs > 1 {
      result.atoms.append(outputs)
      result.source[axis] = [result.atoms.count - 1]
      result.dims[result.dims.count - 1] = [result.atoms.count - 1]
    }
    return result
  }
}

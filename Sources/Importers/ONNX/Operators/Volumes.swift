import Graph

/// Convolution of N×C×D×H×W where each kernel spans all of the depth: its planes are channels of an N×(C·D)×H×W image.
func importVolumeConvolution(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  var volume = try node.activation(0)
  let weights = try node.constant(1)
  guard weights.shape.count == 5 else {
    throw .invalid("its weights of shape \(weights.shape) do not fit an input of shape \(volume.shape)")
  }
  let depth = volume.shape[2]
  guard weights.shape[2] == depth, node.leavesDepthAlone(depth) else {
    throw Unsupported(
      "it is a convolution in three dimensions, \(weights.shape[2]) of \(depth) planes at a time",
      "Only kernels that span the whole depth without padding can be imported")
  }
  volume.source[1] += volume.source.remove(at: 2)
  let (outputs, inputs) = (weights.shape[0], weights.shape[1] * depth)
  let flat = weights.reshaped([outputs, inputs, weights.shape[3], weights.shape[4]])
  let operands: [Operand?] = [.activation(volume), .constant(flat)] + node.operands.dropFirst(2)
  let results = try importConvolution(&context, node.droppingDepth().with(operands))
  return results.map { $0.insertingAxis(at: 2) }
}

/// Pooling of N×C×D×H×W: along the depth first, then each plane. A maximum of maxima is the maximum, and a mean of means
/// of as many values each is the mean.
func importVolumePooling(
  _ context: inout Translator, _ node: NodeArguments, _ handler: NodeHandler
) throws(Unsupported) -> [Operand] {
  let volume = try node.activation(0)
  guard let kernel = node.integers(named: "kernel_shape"), kernel.count == 3 else {
    throw .invalid("its kernel does not fit an input of shape \(volume.shape)")
  }
  var columns = volume
  columns.source = [volume.source[0], volume.source[1], volume.source[2], volume.source[3] + volume.source[4]]
  let pooledColumns = try handler(&context, node.keepingDepth().with([.activation(columns)]))
  guard case .activation(let deep) = pooledColumns[0] else { return pooledColumns }
  let (channels, planes) = (volume.shape[1], deep.shape[2])
  let split = try context.reshaped(
    deep, [deep.shape[0], channels * planes, volume.shape[3], volume.shape[4]], name: node.name)
  let results = try handler(&context, node.droppingDepth().with([.activation(split)]))
  guard case .activation(let pooled) = results[0] else { return results }
  let shape = [pooled.shape[0], channels, planes, pooled.shape[2], pooled.shape[3]]
  return [.activation(try context.reshaped(pooled, shape, name: node.name))]
}

extension Operand {
  fileprivate func insertingAxis(at axis: Int) -> Operand {
    guard case .activation(var view) = self else { return self }
    view.source.insert([], at: axis)
    return .activation(view)
  }
}

extension NodeArguments {
  /// Whether nothing is padded along the first of three axes.
  fileprivate func leavesDepthAlone(_ depth: Int) -> Bool {
    let automatic = text("auto_pad") ?? "NOTSET"
    guard automatic.hasPrefix("SAME") else {
      let pads = integers(named: "pads") ?? []
      return automatic == "VALID" || pads.isEmpty || pads.count == 6 && pads[0] == 0 && pads[3] == 0
    }
    return depth == 1
  }

  /// The same node with the second and third of three spatial axes left out of its attributes, for an input of which they
  /// are one axis that nothing happens to.
  fileprivate func keepingDepth() -> NodeArguments {
    changingLists { name, list in
      switch name {
      case "pads" where list.count == 6: [list[0], 0, list[3], 0]
      case "kernel_shape", "strides", "dilations": list.prefix(1) + [1]
      default: list
      }
    }
  }

  /// The same node with the first of three spatial axes left out of its attributes.
  fileprivate func droppingDepth() -> NodeArguments {
    changingLists { name, list in
      switch name {
      case "pads" where list.count == 6: [list[1], list[2], list[4], list[5]]
      case "kernel_shape", "strides", "dilations": Array(list.dropFirst())
      default: list
      }
    }
  }

  private func changingLists(_ change: (String, [Int]) -> [Int]) -> NodeArguments {
    var flat = node
    for index in flat.attributes.indices {
      flat.attributes[index].integers = change(flat.attributes[index].name, flat.attributes[index].integers)
    }
    return NodeArguments(node: flat, operands: operands, file: file, operatorSet: operatorSet)
  }
}

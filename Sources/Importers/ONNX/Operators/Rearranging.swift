import Graph

/// DepthToSpace in both of its modes.
func importDepthToSpace(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let mode = node.text("mode") ?? "DCR"
  guard ["DCR", "CRD"].contains(mode) else { throw .invalid("its mode is '\(mode)'") }
  return try rearranged(
    &context, node, DepthToSpace(block: try node.block(), order: mode == "DCR" ? .placesFirst : .channelsFirst))
}

/// SpaceToDepth.
func importSpaceToDepth(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  try rearranged(&context, node, SpaceToDepth(block: try node.block()))
}

private func rearranged(
  _ context: inout Translator, _ node: NodeArguments, _ operation: any Operator
) throws(Unsupported) -> [Operand] {
  let image = try context.image(try node.activation(0), name: node.name)
  let output = try context.emit(operation, [image.id], name: node.name)
  return [.activation(context.imageResult(output, of: image, keepsChannels: false))]
}

extension NodeArguments {
  fileprivate func block() throws(Unsupported) -> Size2D {
    let size = integer("blocksize", default: 0)
    guard (1...65535).contains(size) else { throw .invalid("its blocksize is \(size)") }
    return Size2D(size, size)
  }
}

extension Translator {
  /// [N, H, W, C] of an N×C×H×W or N×C×W value, the channels in the source's order.
  mutating func image(_ view: ActivationView, name: String) throws(Unsupported) -> ActivationView {
    guard view.rank == 3 || view.rank == 4, view.source[1] != view.inStoredOrder(view.source[1]) else {
      return try channelsLast(view, name: name)
    }
    let height = view.rank == 4 ? view.source[2] : []
    return try arranged(view, as: [view.source[0], height, view.source[view.rank - 1], view.source[1]], name: name)
  }
}

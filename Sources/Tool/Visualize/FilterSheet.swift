import Datasets
import Graph

extension PictureSheet {
  /// The filters of a convolution as pictures: those of three input channels in colour, others one plane each. Middle gray
  /// is 0; each filter is as bright as its largest weight allows.
  /// - Parameter isBlueFirst: whether the network's pictures have blue first.
  static func filters(_ graph: Graph, layer: String?, isBlueFirst: Bool, limit: Int) throws -> PictureSheet {
    let node = try layer.map { try graph.node(named: $0) } ?? firstFilterLayer(graph)
    guard node.inputs.count > 1, let weights = graph[node.inputs[1]].constant, weights.shape.count >= 3 else {
      throw ToolError("\(node.name) (\(node.operation.kind)) has no filters: name a convolution with --layer.")
    }
    var tiles: [Tile] = []
    if node.operation is DepthwiseConv2D {
      let shape = weights.shape
      for channel in 0..<min(limit, shape[2]) {
        let values = stride(from: channel, to: weights.count, by: shape[2]).map { weights.values[$0] }
        tiles.append(
          Tile(
            image: Plane(height: shape[0], width: shape[1], values: values).image(.signed),
            caption: "channel \(channel)"))
      }
    } else if weights.shape.count == 4 {
      let shape = weights.shape
      let size = shape[1] * shape[2] * shape[3]
      for filter in 0..<shape[0] {
        let values = Array(weights.values[filter * size..<(filter + 1) * size])
        if shape[3] == 3 {
          guard tiles.count < limit else { break }
          let image = colored(values, height: shape[1], width: shape[2])
          tiles.append(
            Tile(image: isBlueFirst ? image.withRedAndBlueExchanged() : image, caption: "filter \(filter)"))
        } else {
          for channel in 0..<shape[3] where tiles.count < limit {
            let plane = stride(from: channel, to: size, by: shape[3]).map { values[$0] }
            tiles.append(
              Tile(
                image: Plane(height: shape[1], width: shape[2], values: plane).image(.signed),
                caption: shape[3] == 1 ? "filter \(filter)" : "filter \(filter), input \(channel)"))
          }
        }
      }
    } else {
      throw ToolError("\(node.name) (\(node.operation.kind)) has no filters: name a convolution with --layer.")
    }
    return PictureSheet(
      title: "Filters of \(node.name)",
      note: "Middle gray is 0; each filter is as bright as its largest weight allows.",
      tiles: tiles)
  }

  private static func firstFilterLayer(_ graph: Graph) throws -> Node {
    guard let node = graph.nodes.first(where: { $0.operation is Conv2D || $0.operation is DepthwiseConv2D }) else {
      throw ToolError("\(graph.name) has no convolution, and so no filters.")
    }
    return node
  }

  private static func colored(_ values: [Float], height: Int, width: Int) -> Image {
    let largest = values.reduce(Float.leastNormalMagnitude) { max($0, $1.isFinite ? abs($1) : 0) }
    let pixels = values.map { value -> UInt8 in
      let share = value.isFinite ? 0.5 + 0.5 * value / largest : 0.5
      return UInt8((min(1, max(0, share)) * 255).rounded())
    }
    return Image(width: width, height: height, channels: 3, pixels: pixels)!
  }
}

extension Graph {
  /// The node of this name, or whose output has it; else the only one whose name ends so.
  /// - Throws: a sentence that names some that there are.
  func node(named name: String) throws -> Node {
    func isMatch(_ node: Node) -> Bool { node.name == name || node.outputs.contains { self[$0].name == name } }
    if let node = nodes.first(where: isMatch) { return node }
    let similar = nodes.filter { $0.name.hasSuffix(name) }
    if similar.count == 1 { return similar[0] }
    let names = (similar.isEmpty ? nodes : similar).prefix(12).map(\.name).joined(separator: ", ")
    throw ToolError(
      "\(self.name) has no layer \(name): `martlet inspect` prints their names, for example \(names).")
  }
}

import Datasets
import Graph

extension PictureSheet {
  /// What each channel of a layer's output holds for one input; what has no places is one row of numbers.
  static func features(_ graph: Graph, layer: String, _ inputs: [Tensor], limit: Int) throws -> PictureSheet {
    let node = try graph.node(named: layer)
    var found: Tensor?
    _ = try graph.evaluate(inputs: inputs) { id, tensor in if id == node.outputs[0] { found = tensor } }
    guard let found else { throw ToolError("\(layer) was not computed.") }
    func caption(_ plane: Plane, _ name: String) -> String {
      "\(name): \(HistogramChart.number(Double(plane.range.lowerBound)))…"
        + HistogramChart.number(Double(plane.range.upperBound))
    }
    var tiles: [Tile] = []
    if found.shape.count == 4, found.shape[1] * found.shape[2] > 1 {
      for channel in 0..<min(limit, found.shape[3]) {
        guard let plane = Plane(found, channel: channel) else { continue }
        tiles.append(Tile(image: plane.image(.heat), caption: caption(plane, "channel \(channel)")))
      }
    } else {
      let plane = Plane(height: 1, width: found.count, values: found.values)
      tiles.append(Tile(image: plane.image(.heat), caption: caption(plane, "\(found.count) values")))
    }
    return PictureSheet(
      title: "Output of \(node.name)",
      note:
        "\(node.operation.kind), \(found.shape.dropFirst().map(String.init).joined(separator: "×")). Each picture spans "
        + "its own range, which stands below it.", tiles: tiles)
  }
}

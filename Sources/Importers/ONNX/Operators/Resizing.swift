import Graph

/// Resize over height and width, by the nearest pixel, linearly or by cubics.
func importResize(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let isFirst = node.operatorSet < 11
  guard node.integer("antialias", default: 0) == 0 else {
    throw Unsupported("it smooths before it shrinks (antialias)", "Export with antialias off")
  }
  let policy = node.text("keep_aspect_ratio_policy") ?? "stretch"
  guard policy == "stretch" else {
    throw Unsupported("its keep_aspect_ratio_policy is '\(policy)'", "Give sizes that need no policy")
  }
  let x = try node.activation(0)
  let axes = try node.normalizedAxes(node.integers(named: "axes") ?? Array(0..<x.rank), rank: x.rank)
  var (shape, scales) = (x.shape, [Float](repeating: 1, count: x.rank))
  if let sizes = try isFirst ? nil : node.integers(3), !sizes.isEmpty {
    guard sizes.count == axes.count, sizes.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw .invalid("its sizes \(sizes.prefix(8)) do not fit an input of shape \(x.shape)")
    }
    for (axis, size) in zip(axes, sizes) {
      shape[axis] = size
      scales[axis] = Float(size) / Float(x.shape[axis])
    }
  } else {
    let list = try node.constant(isFirst ? 1 : 2).floats
    (shape, scales) = try node.enlarged(x.shape, axes: axes, by: list)
  }
  let rules = try node.resizeRules(isFirst: isFirst)
  return [.activation(try context.resized(x, to: shape, scales, rules, name: node.name))]
}

/// Upsample: its scales are an attribute or an input; coordinates are not shifted.
func importUpsample(_ context: inout Translator, _ node: NodeArguments) throws(Unsupported) -> [Operand] {
  let x = try node.activation(0)
  let named = node.floats(named: "scales")
  let scales = if let named { named } else { try node.constant(1).floats }
  let (shape, factors) = try node.enlarged(x.shape, axes: Array(0..<x.rank), by: scales)
  let rules = try node.resizeRules(isFirst: true)
  return [.activation(try context.resized(x, to: shape, factors, rules, name: node.name))]
}

private struct ResizeRules {
  var coordinates: ResizeAxis.Coordinates
  var sampling: ResizeAxis.Sampling
}

extension NodeArguments {
  fileprivate func enlarged(
    _ shape: [Int], axes: [Int], by list: [Float]
  ) throws(Unsupported) -> (shape: [Int], scales: [Float]) {
    guard list.count == axes.count else {
      throw .invalid("its scales \(list.prefix(8)) do not fit an input of shape \(shape)")
    }
    var (shape, scales) = (shape, [Float](repeating: 1, count: shape.count))
    for (axis, scale) in zip(axes, list) {
      let size = Float(shape[axis]) * scale
      guard size >= 1, size <= 1_048_576 else { throw .invalid("its scale \(scale) leaves no size") }
      (shape[axis], scales[axis]) = (Int(size), scale)
    }
    return (shape, scales)
  }

  /// Operator sets before 11 have no coordinate modes: nothing is shifted, and the former pixel is taken.
  fileprivate func resizeRules(isFirst: Bool) throws(Unsupported) -> ResizeRules {
    let coordinates: [String: ResizeAxis.Coordinates] = [
      "half_pixel": .halfPixel, "pytorch_half_pixel": .halfPixelUnlessSingle, "asymmetric": .asymmetric,
      "half_pixel_symmetric": .halfPixelSymmetric, "align_corners": .alignCorners,
      "tf_half_pixel_for_nn": .halfPixelUnshifted,
    ]
    let samplings: [String: ResizeAxis.Sampling] = [
      "round_prefer_floor": .nearestPreferFormer, "round_prefer_ceil": .nearestPreferLatter, "floor": .former,
      "ceil": .latter,
    ]
    let mode = text("mode") ?? "nearest"
    guard ["nearest", "linear", "bilinear", "cubic"].contains(mode) else {
      throw Unsupported("its mode is '\(mode)'", "Only nearest, linear and cubic resizing can be imported")
    }
    let transformation = isFirst ? "asymmetric" : text("coordinate_transformation_mode") ?? "half_pixel"
    guard let rule = coordinates[transformation] else {
      throw Unsupported(
        "its coordinate_transformation_mode is '\(transformation)'", "Use half_pixel, asymmetric or align_corners")
    }
    let nearest = isFirst ? "floor" : text("nearest_mode") ?? "round_prefer_floor"
    guard let sampling = samplings[nearest] else { throw .invalid("its nearest_mode is '\(nearest)'") }
    if mode == "cubic" {
      return ResizeRules(
        coordinates: rule,
        sampling: .cubic(
          slope: float("cubic_coeff_a", default: -0.75), excludesOutside: integer("exclude_outside", default: 0) != 0))
    }
    return ResizeRules(coordinates: rule, sampling: mode == "nearest" ? sampling : .linear)
  }
}

extension Translator {
  fileprivate mutating func resized(
    _ x: ActivationView, to shape: [Int], _ scales: [Float], _ rules: ResizeRules, name: String
  ) throws(Unsupported) -> ActivationView {
    guard x.rank == 3 || x.rank == 4, shape[..<2] == x.shape[..<2] else {
      throw Unsupported(
        "it resizes a value of shape \(x.shape) to \(shape)", "Only height and width of N×C×H×W inputs can be resized")
    }
    if shape == x.shape, scales.allSatisfy({ $0 == 1 }) { return x }
    let image = try channelsLast(x, name: name)
    func axis(_ scale: Float) -> ResizeAxis { ResizeAxis(scale: scale, coordinates: rules.coordinates) }
    let operation = Resize(
      size: Size2D(x.rank == 4 ? shape[2] : 1, shape[x.rank - 1]), rows: axis(x.rank == 4 ? scales[2] : 1),
      columns: axis(scales[x.rank - 1]), sampling: rules.sampling)
    let output = try emit(operation, [image.id], name: name)
    return imageResult(output, of: image, keepsChannels: true)
  }
}

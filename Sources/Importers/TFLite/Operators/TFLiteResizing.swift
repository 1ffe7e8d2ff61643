import Graph

extension TFLiteTranslator {
  /// RESIZE_BILINEAR.
  static func resizeBilinear(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let (aligns, usesCenters) = (try node.option(2, as: UInt8.self) != 0, try node.option(3, as: UInt8.self) != 0)
    return try translator.resized(
      node, usesCenters ? .halfPixel : .asymmetric, .linear, alignsCorners: aligns)
  }

  /// RESIZE_NEAREST_NEIGHBOR: the pixel before, or with aligned corners the nearest.
  static func resizeNearest(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let (aligns, usesCenters) = (try node.option(0, as: UInt8.self) != 0, try node.option(1, as: UInt8.self) != 0)
    return try translator.resized(
      node, usesCenters ? .halfPixelUnshifted : .asymmetric, aligns ? .nearestPreferLatter : .former,
      alignsCorners: aligns)
  }

  private mutating func resized(
    _ node: TFLiteNode, _ coordinates: ResizeAxis.Coordinates, _ sampling: ResizeAxis.Sampling, alignsCorners: Bool
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try activation(node, 0)
    let (shape, size) = (shape(x), try node.integers(1))
    guard shape.count == 4, size.count == 2, size.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw .damaged("its size \(size.prefix(4)) does not fit an input of shape \(shape)")
    }
    guard !alignsCorners || coordinates == .asymmetric else {
      throw Unsupported("it aligns corners and takes centers of pixels", "Convert with one of the two")
    }
    func axis(_ index: Int) -> ResizeAxis {
      let (from, to) = (shape[index + 1], size[index])
      let step = alignsCorners && to > 1 ? Float(from - 1) / Float(to - 1) : Float(from) / Float(to)
      return ResizeAxis(scale: Float(to) / Float(from), coordinates: coordinates, step: step)
    }
    let operation = Resize(size: Size2D(size[0], size[1]), rows: axis(0), columns: axis(1), sampling: sampling)
    return try finish(operation, [x], node)
  }

  /// MIRROR_PAD, with or without repeating the border.
  static func mirrorPad(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let (before, after) = try node.padding(1, rank: translator.shape(x).count)
    let mode = try node.option(0, as: Int8.self)
    guard mode == 0 || mode == 1 else { throw .damaged("its mode is \(mode)") }
    return try translator.finish(
      BorderPad(before: before, after: after, border: mode == 0 ? .reflect : .symmetric), [x], node)
  }
}

extension TFLiteNode {
  /// The amounts before and after each axis of a padding.
  func padding(_ index: Int, rank: Int) throws(Unsupported) -> (before: [Int], after: [Int]) {
    let amounts = try integers(index)
    guard amounts.count == 2 * rank else {
      throw .damaged("its amounts \(amounts.prefix(16)) do not fit an input of \(rank) dimensions")
    }
    return (
      stride(from: 0, to: amounts.count, by: 2).map { amounts[$0] },
      stride(from: 1, to: amounts.count, by: 2).map { amounts[$0] }
    )
  }
}

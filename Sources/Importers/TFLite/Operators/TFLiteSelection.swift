import Graph

extension TFLiteTranslator {
  /// PAD and PADV2: zeros, or the constant of input 2.
  static func pad(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let (before, after) = try node.padding(1, rank: translator.shape(x).count)
    let value = node.has(2) ? try node.constant(2).reals.first ?? 0 : 0
    return try translator.finish(Pad(before: before, after: after, value: value), [x], node)
  }

  /// SLICE; a size of −1 means all that follows.
  static func slice(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let shape = translator.shape(x)
    let (begin, given) = (try node.integers(1), try node.integers(2))
    guard begin.count == shape.count, given.count == shape.count,
      shape.indices.allSatisfy({ (0..<shape[$0]).contains(begin[$0]) && (-1...shape[$0]).contains(given[$0]) })
    else {
      throw .damaged("its begin \(begin.prefix(8)) and size \(given.prefix(8)) do not fit \(shape)")
    }
    let size = shape.indices.map { given[$0] == -1 ? shape[$0] - begin[$0] : given[$0] }
    return try translator.finish(
      Slice(begin: begin, size: size, step: shape.map { _ in 1 }), [x], node)
  }

  /// STRIDED_SLICE without new axes.
  static func stridedSlice(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    guard try node.option(2) == 0, try node.option(3) == 0, try node.option(5, as: UInt8.self) == 0 else {
      throw Unsupported("it has an ellipsis, new axes or offsets", "Write the slice with one range for each axis")
    }
    let x = try translator.activation(node, 0)
    let part = try StridedPart(node, shape: translator.shape(x))
    let slice = Slice(begin: part.begin, size: part.size, step: part.step)
    if part.result == part.size { return try translator.finish(slice, [x], node) }
    let rule = try node.outputs[0].activationQuantization()
    let cut = try translator.emit(slice, [x], node.name, output: node.name + "/slice", quantization: rule)
    return try translator.finish(Reshape(shape: part.result), [cut], node)
  }
}

/// What a STRIDED_SLICE takes of a shape.
private struct StridedPart {
  var begin: [Int] = []
  var size: [Int] = []
  var step: [Int] = []
  /// The sizes without the axes that shrink.
  var result: [Int] = []

  init(_ node: TFLiteNode, shape: [Int]) throws(Unsupported) {
    let (begins, ends, steps) = (try node.integers(1), try node.integers(2), try node.integers(3))
    let (beginMask, endMask, shrinkMask) = (try node.option(0), try node.option(1), try node.option(4))
    guard shape.count <= 16, begins.count == ends.count, begins.count == steps.count, begins.count <= shape.count else {
      throw .damaged("its ranges do not fit an input of shape \(shape)")
    }
    for (axis, count) in shape.enumerated() {
      let isGiven = axis < begins.count
      let stride = isGiven ? steps[axis] : 1
      guard stride != 0, (-1 << 30...1 << 30).contains(stride) else { throw .damaged("its stride is \(stride)") }
      /// A place counted from the end where negative, limited to the axis.
      func place(_ value: Int) -> Int {
        let shifted = value < 0 ? value.addingReportingOverflow(count).partialValue : value
        return stride > 0 ? max(0, min(count, shifted)) : max(-1, min(count - 1, shifted))
      }
      let first = isGiven && beginMask >> axis & 1 == 0 ? place(begins[axis]) : stride > 0 ? 0 : count - 1
      var last = isGiven && endMask >> axis & 1 == 0 ? place(ends[axis]) : stride > 0 ? count : -1
      let shrinks = isGiven && shrinkMask >> axis & 1 == 1
      if shrinks { last = first + (stride > 0 ? 1 : -1) }
      let length = stride > 0 ? (last - first + stride - 1) / stride : (first - last - stride - 1) / -stride
      guard length > 0, (0..<count).contains(first), shrinks || length <= count else {
        throw .damaged("it takes nothing of axis \(axis) of \(shape)")
      }
      begin.append(first)
      size.append(shrinks ? 1 : length)
      step.append(shrinks ? 1 : stride)
      if !shrinks { result.append(length) }
    }
  }
}

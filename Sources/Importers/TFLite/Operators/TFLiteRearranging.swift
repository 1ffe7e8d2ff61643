import Graph

extension TFLiteTranslator {
  /// SPACE_TO_DEPTH.
  static func spaceToDepth(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let block = try node.option(0)
    return try translator.finish(
      SpaceToDepth(block: Size2D(block, block)), [try translator.activation(node, 0)], node)
  }

  /// DEPTH_TO_SPACE.
  static func depthToSpace(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let block = try node.option(0)
    return try translator.finish(
      DepthToSpace(block: Size2D(block, block)), [try translator.activation(node, 0)], node)
  }

  /// PACK: tensors stacked along a new axis.
  static func pack(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    var parts: [ValueID] = []
    var axis = 0
    for index in node.operands.indices {
      let x = try translator.activation(node, index)
      var shape = translator.shape(x)
      axis = try node.axis(try node.option(1), rank: shape.count + 1)
      shape.insert(1, at: axis)
      parts.append(try translator.reshaped(x, shape, "\(node.name)/\(index)"))
    }
    guard !parts.isEmpty else { throw .damaged("it has no inputs") }
    return try translator.finish(Concat(axis: axis), parts, node)
  }

  /// UNPACK: the slices along an axis, without it.
  static func unpack(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let shape = translator.shape(x)
    let axis = try node.axis(try node.option(1), rank: shape.count)
    guard node.outputs.count == shape[axis] else {
      throw .damaged("it gives \(node.outputs.count) parts of the \(shape[axis]) along axis \(axis)")
    }
    var kept = shape
    kept.remove(at: axis)
    var results: [TFLiteOperand] = []
    for (part, output) in node.outputs.enumerated() {
      let slice = try translator.part(
        x, axis: axis, begin: part, count: 1, step: 1, "\(output.name)/slice", output)
      results.append(.activation(try translator.reshaped(slice, kept, output.name)))
    }
    return results
  }

  /// GATHER of places that are known, along one axis.
  static func gather(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let shape = translator.shape(x)
    let axis = try node.axis(try node.option(0), rank: shape.count)
    let indices = try node.constant(1)
    guard try node.option(1) == 0 else {
      throw Unsupported("it gathers from each image of a batch by itself", "Convert with batch dimensions of 0")
    }
    guard let places = indices.integers, !places.isEmpty, places.allSatisfy({ (0..<shape[axis]).contains($0) }) else {
      throw .damaged("its indices are no places of axis \(axis) of \(shape)")
    }
    let runs = TFLiteRun.runs(of: places)
    guard runs.count <= 64 else {
      throw Unsupported("it gathers \(runs.count) separate parts", "Reorder the weights of the layers around it")
    }
    var parts: [ValueID] = []
    for (index, run) in runs.enumerated() {
      parts.append(
        try translator.part(
          x, axis: axis, begin: run.begin, count: run.count, step: run.step, "\(node.name)/\(index)", node.outputs[0]))
    }
    let rule = try node.outputs[0].activationQuantization()
    let gathered =
      parts.count == 1
      ? parts[0] : try translator.emit(Concat(axis: axis), parts, "\(node.name)/joined", quantization: rule)
    let result = Array(shape[..<axis]) + indices.shape + Array(shape[(axis + 1)...])
    return [.activation(try translator.reshaped(gathered, result, node.name))]
  }

  /// SPLIT into equal parts along an axis.
  static func split(_ translator: inout TFLiteTranslator, _ node: TFLiteNode) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 1)
    let shape = translator.shape(x)
    guard let named = try node.integers(0).first else { throw .damaged("it names no axis") }
    let axis = try node.axis(named, rank: shape.count)
    let parts = node.outputs.count
    guard shape[axis] % parts == 0 else { throw .damaged("axis \(axis) of \(shape) has no \(parts) equal parts") }
    return try translator.parts(x, axis: axis, sizes: node.outputs.map { _ in shape[axis] / parts }, node)
  }

  /// SPLIT_V into parts of given sizes, one of which may be −1: what the others leave.
  static func splitBySizes(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let x = try translator.activation(node, 0)
    let shape = translator.shape(x)
    guard let named = try node.integers(2).first else { throw .damaged("it names no axis") }
    let axis = try node.axis(named, rank: shape.count)
    var sizes = try node.integers(1)
    guard sizes.count == node.outputs.count, sizes.allSatisfy({ (-1...shape[axis]).contains($0) }) else {
      throw .damaged("its sizes \(sizes.prefix(8)) do not fit axis \(axis) of \(shape)")
    }
    if let rest = sizes.firstIndex(of: -1) {
      sizes[rest] = 0
      sizes[rest] = shape[axis] - sizes.reduce(0, +)
    }
    guard sizes.allSatisfy({ $0 > 0 }), sizes.reduce(0, +) == shape[axis] else {
      throw .damaged("its sizes \(sizes.prefix(8)) do not add up to axis \(axis) of \(shape)")
    }
    return try translator.parts(x, axis: axis, sizes: sizes, node)
  }

  private mutating func parts(
    _ x: ValueID, axis: Int, sizes: [Int], _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    var results: [TFLiteOperand] = []
    var begin = 0
    for (size, output) in zip(sizes, node.outputs) {
      results.append(
        .activation(try part(x, axis: axis, begin: begin, count: size, step: 1, output.name, output)))
      begin += size
    }
    return results
  }

  /// `count` places of one axis; the quantization is that of `output`.
  private mutating func part(
    _ x: ValueID, axis: Int, begin: Int, count: Int, step: Int, _ name: String, _ output: TFLiteTensor
  ) throws(Unsupported) -> ValueID {
    var slice = Slice(begin: shape(x).map { _ in 0 }, size: shape(x), step: shape(x).map { _ in 1 })
    (slice.begin[axis], slice.size[axis], slice.step[axis]) = (begin, count, step)
    return try emit(slice, [x], name, quantization: try output.activationQuantization())
  }
}

/// Numbers at equal steps.
struct TFLiteRun: Equatable {
  var begin: Int
  var count: Int
  var step: Int

  /// A list as few runs, each of which rises.
  static func runs(of list: [Int]) -> [TFLiteRun] {
    var runs: [TFLiteRun] = []
    for value in list {
      guard var run = runs.last else {
        runs.append(TFLiteRun(begin: value, count: 1, step: 1))
        continue
      }
      let next = run.begin + (run.count - 1) * run.step
      if run.count == 1 ? value > next : value - next == run.step {
        if run.count == 1 { run.step = value - next }
        run.count += 1
        runs[runs.count - 1] = run
      } else {
        runs.append(TFLiteRun(begin: value, count: 1, step: 1))
      }
    }
    return runs
  }
}

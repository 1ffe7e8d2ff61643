import Graph

extension TFLiteTranslator {
  /// CONV_2D, of any grouping: weights OC×KH×KW×IC.
  static func convolution(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let (image, spread) = try translator.convolvedImage(node)
    let weights = try node.constant(1)
    let shape = weights.shape
    guard shape.count == 4, !shape.contains(0) else {
      throw .damaged("its weights have the shape \(shape)")
    }
    let window = try TFLiteWindow(
      image: translator.shape(image), kernel: Size2D(shape[1], shape[2]),
      stride: Size2D(try node.option(2), try node.option(1)),
      dilation: Size2D(try node.option(5, default: 1), try node.option(4, default: 1)),
      padding: try node.option(0, as: Int8.self), spread: spread)
    let channels = translator.shape(image)[3]
    guard channels % shape[3] == 0, shape[0] % (channels / shape[3]) == 0 else {
      throw .damaged("its weights of shape \(shape) do not fit an input of \(channels) channels")
    }
    let constants = try translator.layerConstants(node, weights, shape: shape, outputAxis: 0, image)
    let operation = Conv2D(
      stride: window.stride, dilation: window.dilation, padding: window.padding, groups: channels / shape[3])
    let code = try node.option(3, as: Int8.self)
    return spread.wrap(try translator.finish(operation, [image] + constants, node, activation: code))
  }

  /// DEPTHWISE_CONV_2D: weights 1×KH×KW×(IC · multiplier). With a multiplier it is a grouped convolution.
  static func depthwiseConvolution(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    let (image, spread) = try translator.convolvedImage(node)
    let weights = try node.constant(1)
    let shape = weights.shape
    guard shape.count == 4, shape[0] == 1, !shape.contains(0) else {
      throw .damaged("its weights have the shape \(shape)")
    }
    let window = try TFLiteWindow(
      image: translator.shape(image), kernel: Size2D(shape[1], shape[2]),
      stride: Size2D(try node.option(2), try node.option(1)),
      dilation: Size2D(try node.option(6, default: 1), try node.option(5, default: 1)),
      padding: try node.option(0, as: Int8.self), spread: spread)
    let channels = translator.shape(image)[3]
    guard shape[3] % channels == 0 else {
      throw .damaged("its weights of shape \(shape) do not fit an input of \(channels) channels")
    }
    let code = try node.option(4, as: Int8.self)
    if shape[3] == channels {
      let constants = try translator.layerConstants(
        node, weights, shape: [shape[1], shape[2], channels], outputAxis: 2, image)
      let operation = DepthwiseConv2D(stride: window.stride, dilation: window.dilation, padding: window.padding)
      return spread.wrap(try translator.finish(operation, [image] + constants, node, activation: code))
    }
    let constants = try translator.layerConstants(
      node, weights.outputsFirst, shape: [shape[3], shape[1], shape[2], 1], outputAxis: 0, image)
    let operation = Conv2D(
      stride: window.stride, dilation: window.dilation, padding: window.padding, groups: channels)
    return spread.wrap(try translator.finish(operation, [image] + constants, node, activation: code))
  }

  /// FULLY_CONNECTED: weights M×K.
  static func fullyConnected(
    _ translator: inout TFLiteTranslator, _ node: TFLiteNode
  ) throws(Unsupported) -> [TFLiteOperand] {
    var x = try translator.activation(node, 0)
    let weights = try node.constant(1)
    guard weights.shape.count == 2, !weights.shape.contains(0), try node.option(1, as: Int8.self) == 0 else {
      throw Unsupported("its weights of shape \(weights.shape) are shuffled or no matrix", "Convert it again")
    }
    let (outputs, depth) = (weights.shape[0], weights.shape[1])
    let count = translator.shape(x).reduce(1, *)
    guard count % depth == 0 else {
      throw .damaged("its weights of shape \(weights.shape) do not fit an input of shape \(translator.shape(x))")
    }
    let keepsShape = try node.option(2, as: UInt8.self) != 0
    if !keepsShape || translator.shape(x).last != depth {
      x = try translator.reshaped(x, [count / depth, depth], node.name + "/reshape")
    }
    let constants = try translator.layerConstants(node, weights, shape: [outputs, depth], outputAxis: 0, x)
    return try translator.finish(
      FullyConnected(), [x] + constants, node, activation: try node.option(0, as: Int8.self))
  }
}

extension TFLiteConstant {
  /// 1×KH×KW×OC as OC×KH×KW.
  fileprivate var outputsFirst: TFLiteConstant {
    let (taps, outputs) = (shape[1] * shape[2], shape[3])
    let order = (0..<outputs).flatMap { output in (0..<taps).map { $0 * outputs + output } }
    var result = self
    result.shape = [outputs, shape[1], shape[2], 1]
    result.elements = elements.picked(order)
    result.quantization?.dimension = 0
    return result
  }
}

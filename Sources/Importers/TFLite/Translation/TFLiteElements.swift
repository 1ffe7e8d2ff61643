import Graph

extension TFLiteConstant.Elements {
  /// How many.
  var count: Int {
    switch self {
    case .floats(let list): list.count
    case .bytes(let list): list.count
    case .integers(let list): list.count
    }
  }

  /// Those at `places`.
  func picked(_ places: [Int]) -> TFLiteConstant.Elements {
    switch self {
    case .floats(let list): .floats(places.map { list[$0] })
    case .bytes(let list): .bytes(places.map { list[$0] })
    case .integers(let list): .integers(places.map { list[$0] })
    }
  }

  /// These and then `others`; nil when they are of another type.
  func appending(_ others: TFLiteConstant.Elements) -> TFLiteConstant.Elements? {
    switch (self, others) {
    case (.floats(let list), .floats(let more)): .floats(list + more)
    case (.bytes(let list), .bytes(let more)): .bytes(list + more)
    case (.integers(let list), .integers(let more)): .integers(list + more)
    default: nil
    }
  }
}

extension TFLiteConstant {
  /// The only stored number and its rule, of an int8 constant of one element.
  var singleByte: (Int, Quantization)? {
    guard case .bytes(let list) = elements, list.count == 1, let rule = quantization, rule.scales.count == 1,
      rule.scales[0] > 0, rule.scales[0].isFinite, (-128...127).contains(rule.zeroPoints[0])
    else { return nil }
    return (Int(list[0]), Quantization(scale: rule.scales[0], zeroPoint: Int32(rule.zeroPoints[0])))
  }

  /// The same numbers as another type.
  func cast(to type: TFLiteType) -> TFLiteConstant {
    switch type {
    case .float32, .float16: TFLiteConstant(shape: shape, elements: .floats(reals))
    default:
      TFLiteConstant(
        shape: shape,
        elements: .integers(integers ?? reals.map { $0.isNaN ? 0 : Int(max(-0x1p62, min(0x1p62, $0))) }))
    }
  }

  /// Floats rounded to int8 by a tensor's rule.
  func quantized(as tensor: TFLiteTensor) throws(Unsupported) -> TFLiteConstant {
    guard let rule = try tensor.activationQuantization() else { throw .damaged("it gives a float tensor") }
    return TFLiteConstant(
      shape: shape, elements: .bytes(reals.map(rule.quantize)),
      quantization: TFLiteQuantization(scale: rule.scale, zeroPoint: Int(rule.zeroPoint)))
  }
}

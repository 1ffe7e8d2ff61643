import Graph

/// A constant as the file stores it.
struct TFLiteConstant {
  /// Stored numbers, before any scale.
  enum Elements {
    case floats([Float])
    /// int8, and uint8 − 128.
    case bytes([Int8])
    case integers([Int])
  }

  var shape: [Int]
  var elements: Elements
  var quantization: TFLiteQuantization?

  /// The stored integers; nil for floats.
  var integers: [Int]? {
    switch elements {
    case .floats: nil
    case .bytes(let list): list.map { Int($0) }
    case .integers(let list): list
    }
  }

  /// The real numbers: scale × (stored − zero point) where there is a quantization.
  var reals: [Float] {
    if case .floats(let list) = elements { return list }
    let stored = integers ?? []
    guard let rule = quantization else { return stored.map { Float($0) } }
    guard rule.scales.count > 1 else {
      return stored.map { Float($0 &- rule.zeroPoints[0]) * rule.scales[0] }
    }
    let inner = max(1, shape.dropFirst(rule.dimension + 1).reduce(1, *))
    return stored.indices.map { index in
      let channel = index / inner % rule.scales.count
      return Float(stored[index] &- rule.zeroPoints[channel]) * rule.scales[channel]
    }
  }

  /// As a constant of the graph.
  var tensor: Tensor { Tensor(shape: shape, values: reals) }

  /// A list of integers in one dimension, or a scalar.
  static func integers(_ list: [Int], shape: [Int]? = nil) -> TFLiteConstant {
    TFLiteConstant(shape: shape ?? [list.count], elements: .integers(list))
  }
}

extension TFLiteTensor {
  /// Decodes a constant.
  func constant(_ file: [UInt8]) throws(Unsupported) -> TFLiteConstant {
    guard let data else { throw .damaged("it reads '\(name)', which nothing computes") }
    guard !isSparse else {
      throw Unsupported("its constant '\(name)' is sparse", "Convert the model without sparse weights")
    }
    guard let bits = type.bitCount else {
      throw Unsupported("its constant '\(name)' has elements of \(type.name)", "Convert with float or int8 constants")
    }
    guard let count = checkedProduct(shape), shape.allSatisfy({ $0 >= 0 }), (count * bits + 7) / 8 == data.count else {
      throw .damaged("its constant '\(name)' of shape \(shape) has \(data.count) bytes")
    }
    var rule = quantization
    let elements: TFLiteConstant.Elements
    switch type {
    case .float32:
      elements = .floats(decode(file, data, as: UInt32.self) { Float(bitPattern: $0) })
      rule = nil
    case .float16:
      elements = .floats(decode(file, data, as: UInt16.self, float16))
      rule = nil
    case .int4:
      // Two in a byte, the lower half first.
      elements = .bytes(
        (0..<count).map { Int8(bitPattern: file[data.lowerBound + $0 / 2] << ($0 % 2 == 0 ? 4 : 0)) >> 4 })
    case .int8: elements = .bytes(file[data].map { Int8(bitPattern: $0) })
    case .uint8 where rule != nil:
      elements = .bytes(file[data].map { Int8(bitPattern: $0 ^ 128) })
      rule?.zeroPoints = quantization?.zeroPoints.map { $0 &- 128 } ?? []
    case .uint8, .bool: elements = .integers(file[data].map { Int($0) })
    case .int16: elements = .integers(decode(file, data, as: UInt16.self) { Int(Int16(bitPattern: $0)) })
    case .int32: elements = .integers(decode(file, data, as: UInt32.self) { Int(Int32(bitPattern: $0)) })
    default:
      elements = .integers(decode(file, data, as: UInt64.self) { Int(truncatingIfNeeded: Int64(bitPattern: $0)) })
    }
    if let rule { try check(rule) }
    return TFLiteConstant(shape: shape, elements: elements, quantization: rule)
  }

  /// One scale, or one for each index of a dimension.
  private func check(_ rule: TFLiteQuantization) throws(Unsupported) {
    let perTensor = rule.scales.count == 1
    guard perTensor || shape.indices.contains(rule.dimension) && shape[rule.dimension] == rule.scales.count else {
      throw .damaged("its constant '\(name)' of shape \(shape) has \(rule.scales.count) scales")
    }
    guard rule.scales.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw .damaged("a scale of its constant '\(name)' is negative or not finite")
    }
  }
}

private func decode<Integer: FixedWidthInteger & UnsignedInteger, Element>(
  _ file: [UInt8], _ range: Range<Int>, as type: Integer.Type, _ element: (Integer) -> Element
) -> [Element] {
  let size = Integer.bitWidth / 8
  return stride(from: range.lowerBound, to: range.upperBound, by: size).map { start in
    var value: Integer = 0
    for index in (0..<size).reversed() { value = value << 8 | Integer(truncatingIfNeeded: file[start + index]) }
    return element(value)
  }
}

/// IEEE 754 half precision.
private func float16(_ bits: UInt16) -> Float {
  let (exponent, fraction) = (Int(bits >> 10 & 31), Float(bits & 1023))
  let magnitude: Float =
    switch exponent {
    case 0: fraction * 0x1p-24
    case 31: fraction == 0 ? .infinity : .nan
    default: (1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
    }
  return bits >> 15 == 1 ? -magnitude : magnitude
}

extension Unsupported {
  /// A model that breaks the TFLite schema.
  static func damaged(_ reason: String) -> Unsupported {
    Unsupported(reason, "The model is damaged or not valid TFLite: download or convert it again")
  }
}

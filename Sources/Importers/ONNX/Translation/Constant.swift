/// A tensor whose elements are known while importing, in the source's axis order.
struct Constant {
  /// ONNX's float types become floats; its integers and booleans become integers.
  enum Elements {
    case floats([Float])
    case integers([Int])

    var count: Int {
      switch self {
      case .floats(let list): list.count
      case .integers(let list): list.count
      }
    }

    /// As floats, integers rounded to the nearest.
    var floats: [Float] {
      switch self {
      case .floats(let list): list
      case .integers(let list): list.map { Float($0) }
      }
    }

    /// The integers; nil for floats.
    var integers: [Int]? {
      if case .integers(let list) = self { list } else { nil }
    }

    /// The elements at `indices`, each of which must be in range.
    func picked(_ indices: [Int]) -> Elements {
      switch self {
      case .floats(let list): .floats(indices.map { list[$0] })
      case .integers(let list): .integers(indices.map { list[$0] })
      }
    }

    /// `stridedCopy` of the elements.
    func strided(sizes: [Int], strides: [Int]) -> Elements {
      switch self {
      case .floats(let list): .floats(stridedCopy(list, sizes: sizes, strides: strides))
      case .integers(let list): .integers(stridedCopy(list, sizes: sizes, strides: strides))
      }
    }
  }

  var shape: [Int]
  var elements: Elements
  /// The TensorProto.DataType that the file gave the elements; nil where they were computed.
  var type: Int?
  /// Where the elements were dequantized: their scales.
  var scales: ConstantScales?

  init(shape: [Int], elements: Elements, type: Int? = nil, scales: ConstantScales? = nil) {
    self.shape = shape
    self.elements = elements
    self.type = type
    self.scales = scales
  }

  var floats: [Float] { elements.floats }
  var count: Int { elements.count }

  /// One integer for each element, in one dimension.
  static func list(_ integers: [Int]) -> Constant {
    Constant(shape: [integers.count], elements: .integers(integers))
  }

  /// The same elements in another shape of as many.
  func reshaped(_ shape: [Int]) -> Constant {
    var result = self
    result.shape = shape
    if let axis = scales?.axis {
      let (outer, size) = (self.shape[..<axis].reduce(1, *), self.shape[axis])
      let same = shape.indices.first { shape[..<$0].reduce(1, *) == outer && shape[$0] == size }
      if let same { result.scales?.axis = same } else { result.scales = nil }
    }
    return result
  }
}

/// How a dequantized constant's elements came about: each is a whole number of steps of its scale.
struct ConstantScales {
  /// One for the whole constant, or one for each index of `axis`.
  var scales: [Float]
  /// nil where there is one scale.
  var axis: Int?
  /// The whole numbers of an int32 constant (a bias), which floats cannot hold.
  var steps: [Int]?

  /// One scale for each of `count` indices of `axis`; nil when the scales lie along another axis.
  func expanded(over axis: Int, count: Int) -> [Float]? {
    if self.axis == nil { return [Float](repeating: scales[0], count: count) }
    return self.axis == axis && scales.count == count ? scales : nil
  }
}

/// Why a node cannot be imported, and what the user can do.
struct Unsupported: Error {
  var reason: String
  var remedy: String

  init(_ reason: String, _ remedy: String) {
    self.reason = reason
    self.remedy = remedy
  }

  /// A node that breaks the ONNX specification.
  static func invalid(_ reason: String) -> Unsupported {
    Unsupported(reason, "The model is not valid ONNX: check it with onnx.checker and export it again")
  }
}

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

  var floats: [Float] { elements.floats }
  var count: Int { elements.count }

  /// One integer for each element, in one dimension.
  static func list(_ integers: [Int]) -> Constant {
    Constant(shape: [integers.count], elements: .integers(integers))
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

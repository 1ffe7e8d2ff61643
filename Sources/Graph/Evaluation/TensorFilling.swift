extension Workers {
  /// A tensor whose every element `body` writes; what it finds there is meaningless.
  func tensor(_ shape: [Int], _ body: (UnsafeMutablePointer<Float>) -> Void) -> Tensor {
    let count = shape.reduce(1, *)
    if var values = buffers.take(count) {
      values.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { body(base) } }
      return Tensor(shape: shape, values: values)
    }
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress { body(base) }
      initialized = count
    }
    return Tensor(shape: shape, values: values)
  }
}

extension Tensor {
  /// Reads the elements in place.
  func withPointer<Result>(_ body: (UnsafePointer<Float>) -> Result) -> Result {
    values.withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}

/// Elements below which a second thread costs more than it brings.
let smallestElementwisePart = 16384

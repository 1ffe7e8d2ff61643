/// Two operands under numpy's rule: shapes are aligned at their last dimension, and a size of 1 is repeated.
struct Broadcast: Sendable {
  /// The common shape.
  let shape: [Int]
  /// Elements to the next place along each axis of `shape`; 0 where the operand is repeated.
  let stridesA: [Int]
  /// Likewise.
  let stridesB: [Int]

  /// - Throws: when a dimension differs and neither is 1.
  init(_ a: [Int], _ b: [Int]) throws(GraphError) {
    let rank = max(a.count, b.count)
    let paddedA = Array(repeating: 1, count: rank - a.count) + a
    let paddedB = Array(repeating: 1, count: rank - b.count) + b
    var shape: [Int] = []
    for (sizeA, sizeB) in zip(paddedA, paddedB) {
      guard sizeA == sizeB || sizeA == 1 || sizeB == 1 else {
        throw GraphError("shapes \(a) and \(b) cannot be broadcast: \(sizeA) against \(sizeB)")
      }
      shape.append(sizeA == 1 ? sizeB : sizeA)
    }
    self.init(shape: shape, stridesA: Broadcast.strides(paddedA), stridesB: Broadcast.strides(paddedB))
  }

  private init(shape: [Int], stridesA: [Int], stridesB: [Int]) {
    self.shape = shape
    self.stridesA = stridesA
    self.stridesB = stridesB
  }

  private static func strides(_ shape: [Int]) -> [Int] {
    var strides = rowMajorStrides(shape)
    for axis in shape.indices where shape[axis] == 1 { strides[axis] = 0 }
    return strides
  }

  /// The same walk with fewer, longer axes: neighbours that both operands cross in one stride are merged.
  var mergedLines: Broadcast {
    var (sizes, a, b): ([Int], [Int], [Int]) = ([], [], [])
    for axis in shape.indices where shape[axis] > 1 {
      let (size, strideA, strideB) = (shape[axis], stridesA[axis], stridesB[axis])
      if let last = sizes.indices.last, a[last] == strideA * size, b[last] == strideB * size {
        sizes[last] *= size
        (a[last], b[last]) = (strideA, strideB)
      } else {
        sizes.append(size)
        a.append(strideA)
        b.append(strideB)
      }
    }
    return Broadcast(shape: sizes, stridesA: a, stridesB: b)
  }

  /// Where the operands' elements for line number `line` of the last axis begin.
  func offsets(ofLine line: Int) -> (a: Int, b: Int) {
    var (offsetA, offsetB, rest) = (0, 0, line)
    for axis in shape.indices.dropLast().reversed() {
      let place = rest % shape[axis]
      rest /= shape[axis]
      offsetA += place * stridesA[axis]
      offsetB += place * stridesB[axis]
    }
    return (offsetA, offsetB)
  }
}

/// Elements from a place to the next along each axis of a dense tensor.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = Array(repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
  return strides
}

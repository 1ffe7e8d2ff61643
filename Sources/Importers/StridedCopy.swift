/// Steps in elements between neighbours along each axis of a row-major tensor.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
  return strides
}

/// The elements of `source` at every combination of `sizes` indices × `strides`, the last index fastest: transposes,
/// broadcasts (stride 0) and reorders in one rule. The largest offset must lie in `source`.
func stridedCopy<Element>(_ source: [Element], sizes: [Int], strides: [Int]) -> [Element] {
  let count = sizes.reduce(1, *)
  guard count > 0 else { return [] }
  guard let innerSize = sizes.last, let innerStride = strides.last else { return [source[0]] }
  var result: [Element] = []
  result.reserveCapacity(count)
  var index = [Int](repeating: 0, count: sizes.count - 1)
  var offset = 0
  while true {
    if innerStride == 1 {
      result.append(contentsOf: source[offset..<offset + innerSize])
    } else {
      for step in 0..<innerSize { result.append(source[offset + step * innerStride]) }
    }
    var axis = index.count - 1
    while axis >= 0 {
      index[axis] += 1
      offset += strides[axis]
      if index[axis] < sizes[axis] { break }
      offset -= sizes[axis] * strides[axis]
      index[axis] = 0
      axis -= 1
    }
    if axis < 0 { return result }
  }
}

/// The product of sizes; nil when one is negative, or when the product of those that are not 0 passes `limit`.
func checkedProduct(_ sizes: [Int], limit: Int = 1 << 31) -> Int? {
  var product = 1
  for size in sizes where size != 0 {
    let (next, overflow) = product.multipliedReportingOverflow(by: size)
    guard !overflow, size > 0, next <= limit else { return nil }
    product = next
  }
  return sizes.contains(0) ? 0 : product
}

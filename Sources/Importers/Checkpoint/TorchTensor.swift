import Archives
import Graph

/// A block of numbers that a pickle refers to; tensors are views of it.
struct TorchStorage: Sendable {
  /// Names its bytes in the archive.
  var key: String
  var type: ElementType
  /// Elements of the block in the file.
  var wholeCount: Int
  /// First element of this view of the block.
  var start: Int
  /// Elements of this view.
  var count: Int
}

/// A tensor's record in a pickle: where its elements lie in a storage.
struct TorchTensor: Sendable {
  /// Index into the machine's storages.
  var storage: Int
  /// First element.
  var start: Int
  var shape: [Int]
  /// Elements from one index to the next, for each dimension.
  var strides: [Int]

  /// Product of `shape`; meaningful once `problem` is nil.
  var count: Int { shape.reduce(1, *) }

  /// Elements from the first to the last one used; meaningful once `problem` is nil.
  var spanCount: Int {
    count == 0 ? 0 : zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
  }

  /// Why this record does not fit a storage of so many elements; nil when it does. A tensor with more elements than
  /// its storage (stride 0) is refused, so that a small file cannot ask for much memory.
  func problem(storageCount: Int) -> String? {
    guard shape.count == strides.count else { return "has \(strides.count) strides" }
    guard start >= 0, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else {
      return "has a negative size, stride or offset"
    }
    var count = 1
    var last = start
    for (size, stride) in zip(shape, strides) {
      let (product, countOverflow) = count.multipliedReportingOverflow(by: size)
      let (step, stepOverflow) = max(0, size - 1).multipliedReportingOverflow(by: stride)
      let (sum, lastOverflow) = last.addingReportingOverflow(step)
      if countOverflow || stepOverflow || lastOverflow { return "is too large" }
      (count, last) = (product, sum)
    }
    if count == 0 && start <= storageCount { return nil }
    return count <= storageCount && last < storageCount ? nil : "lies outside its storage of \(storageCount) elements"
  }

  /// The dense tensor, gathered from the elements that it spans.
  func dense(_ span: [Float]) -> Tensor {
    if span.isEmpty { return Tensor(shape: shape, values: []) }
    var denseStrides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      denseStrides[axis] = denseStrides[axis + 1] * shape[axis + 1]
    }
    let isDense = zip(shape, zip(strides, denseStrides)).allSatisfy { $0 <= 1 || $1.0 == $1.1 }
    if isDense { return Tensor(shape: shape, values: span) }
    var values: [Float] = []
    values.reserveCapacity(count)
    var index = [Int](repeating: 0, count: shape.count)
    var position = 0
    for _ in 0..<count {
      values.append(span[position])
      for axis in shape.indices.reversed() {
        index[axis] += 1
        position += strides[axis]
        if index[axis] < shape[axis] { break }
        position -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
    return Tensor(shape: shape, values: values)
  }
}

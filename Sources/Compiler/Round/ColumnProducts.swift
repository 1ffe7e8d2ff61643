import CShim
import Graph

/// Sums of products of columns with one another: of a dense layer [groups][count][count], of a depthwise one
/// [taps][taps][channels].
extension LayerColumns {
  /// Values of the column that one output channel multiplies.
  var order: Int { isDepthwise ? taps : count }

  /// How many sums of products there are.
  var productCount: Int { groups * count * order }

  /// Where the sum of one product lies.
  func place(_ row: Int, _ column: Int, group: Int) -> Int {
    isDepthwise ? (row * taps + column) * (count / taps) + group : (group * count + row) * count + column
  }

  /// Of sums over all columns, those of the column that an output channel of `group` multiplies (a depthwise layer's group is
  /// its channel), divided by `total`.
  func means(_ sums: [Double], group: Int, total: Double) -> [Double] {
    if isDepthwise { return (0..<taps).map { sums[$0 * (count / taps) + group] / total } }
    return sums[group * count..<(group + 1) * count].map { $0 / total }
  }

  /// The columns at these positions of one group, one a row.
  func rows(_ tensor: Tensor, _ positions: [Int], group: Int) -> [Float] {
    var matrix = [Float](repeating: 0, count: positions.count * count)
    tensor.values.withUnsafeBufferPointer { values in
      matrix.withUnsafeMutableBufferPointer { matrix in
        guard let base = matrix.baseAddress else { return }
        for (row, position) in positions.enumerated() {
          write(position, group: group, of: values, to: base + row * count)
        }
      }
    }
    return matrix
  }

  /// For each channel of a depthwise layer, sums += aᵀ · b of its taps. Where a is b, the half above the diagonal is left out.
  func addTapProducts(_ a: [Float], _ b: [Float], isSymmetric: Bool, to sums: inout [Float]) {
    let (taps, count) = (taps, count)
    let channels = count / taps
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        sums.withUnsafeMutableBufferPointer { sums in
          guard let a = a.baseAddress, let left = b.baseAddress, let sums = sums.baseAddress else { return }
          for row in 0..<b.count / count {
            for first in 0..<taps {
              let a = a + row * count + first * channels
              for second in 0..<(isSymmetric ? first + 1 : taps) {
                let b = left + row * count + second * channels
                let into = sums + (first * taps + second) * channels
                for channel in 0..<channels { into[channel] += a[channel] * b[channel] }
              }
            }
          }
        }
      }
    }
  }
}

/// Adds each row, times its factor, to `sums`, from an element on; nil: all factors are 1.
func addRows(
  _ matrix: [Float], times factors: [Float]? = nil, width: Int, to sums: inout [Double], from first: Int
) {
  guard width > 0 else { return }
  matrix.withUnsafeBufferPointer { matrix in
    sums.withUnsafeMutableBufferPointer { sums in
      for row in 0..<matrix.count / width {
        let factor = Double(factors?[row] ?? 1)
        for place in 0..<width { sums[first + place] += factor * Double(matrix[row * width + place]) }
      }
    }
  }
}

/// A matrix in the order in which products with it are fast.
struct PackedRows {
  private let packed: [Float]
  private let rows: Int
  private let count: Int

  /// - Parameter count: of a row.
  init(_ matrix: [Float], count: Int) {
    (rows, self.count) = (matrix.count / count, count)
    var packed = [Float](repeating: 0, count: martlet_float_packed_b_count(Int32(count), Int32(rows)))
    martlet_float_pack_b(&packed, matrix, count, 1, Int32(count), Int32(rows))
    self.packed = packed
  }

  /// sums += otherᵀ · matrix, from an element on; `other` has as many rows, of `width` values.
  func addProducts(of other: [Float], width: Int, to sums: inout [Float], from first: Int, on workers: Workers) {
    let (rows, count) = (rows, count)
    var transposed = [Float](repeating: 0, count: rows * width)
    for row in 0..<rows {
      for place in 0..<width { transposed[place * rows + row] = other[row * width + place] }
    }
    sums.withUnsafeMutableBufferPointer { sums in
      transposed.withUnsafeBufferPointer { a in
        packed.withUnsafeBufferPointer { b in
          guard let rowsOfA = a.baseAddress, let blocksOfB = b.baseAddress, let base = sums.baseAddress else { return }
          nonisolated(unsafe) let (a, b, c) = (rowsOfA, blocksOfB, base + first)
          workers.split((width + 15) / 16, minimum: 8) { range in
            let (begin, end) = (range.lowerBound * 16, min(width, range.upperBound * 16))
            var ending = martlet_float_ending(
              initial: c + begin * count, initial_stride: count, bias: nil, low: -.infinity, high: .infinity)
            martlet_float_gemm(
              martlet_float_best_kernels(), a + begin * rows, rows, b, c + begin * count, count, Int32(end - begin),
              Int32(count), Int32(rows), &ending)
          }
        }
      }
    }
  }
}

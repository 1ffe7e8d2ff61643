import CShim
import Graph

/// First and second moments of the columns that a layer's weights multiply, summed over sampled positions of the
/// calibration examples. The memory depends on the layer alone.
struct ColumnMoments: Sendable {
  /// The largest column whose second moments are kept.
  static let longestColumn = 2304

  let columns: LayerColumns
  /// Positions looked at in an example.
  private let limit: Int
  private let seed: UInt64
  private var samples = 0
  private var examples = 0
  private var sums: [Double]
  /// Dense: [groups][count][count]. Depthwise: [taps · taps][channels].
  private var products: [Float]

  /// - Parameter samples: about how many columns are wanted from all `examples` together.
  init?(_ columns: LayerColumns, seed: UInt64, examples: Int, samples: Int = 8192) {
    let order = columns.isDepthwise ? columns.taps : columns.count
    guard order <= ColumnMoments.longestColumn else { return nil }
    self.columns = columns
    self.seed = seed &* 0x1_0000
    limit = max(1, (columns.isDepthwise ? samples / 2 : samples) / max(1, examples))
    sums = Array(repeating: 0, count: columns.groups * columns.count)
    products = Array(repeating: 0, count: columns.groups * columns.count * order)
  }

  /// Adds one example's input.
  mutating func add(_ tensor: Tensor, on workers: Workers) {
    let positions = columns.sample(limit: limit, seed: seed &+ UInt64(examples))
    let count = columns.count
    examples += 1
    samples += positions.count
    var matrix = [Float](repeating: 0, count: positions.count * count)
    for group in 0..<columns.groups {
      tensor.values.withUnsafeBufferPointer { values in
        matrix.withUnsafeMutableBufferPointer { matrix in
          guard let base = matrix.baseAddress else { return }
          for (row, position) in positions.enumerated() {
            columns.write(position, group: group, of: values, to: base + row * count)
            for place in 0..<count { sums[group * count + place] += Double(base[row * count + place]) }
          }
        }
      }
      if columns.isDepthwise {
        addTapProducts(matrix, rows: positions.count)
      } else {
        addProducts(matrix, rows: positions.count, group: group, on: workers)
      }
    }
  }

  /// products += matrixᵀ · matrix.
  private mutating func addProducts(_ matrix: [Float], rows: Int, group: Int, on workers: Workers) {
    let count = columns.count
    var transposed = [Float](repeating: 0, count: rows * count)
    var packed = [Float](repeating: 0, count: martlet_float_packed_b_count(Int32(count), Int32(rows)))
    martlet_float_pack_b(&packed, matrix, count, 1, Int32(count), Int32(rows))
    for row in 0..<rows {
      for place in 0..<count { transposed[place * rows + row] = matrix[row * count + place] }
    }
    products.withUnsafeMutableBufferPointer { products in
      transposed.withUnsafeBufferPointer { a in
        packed.withUnsafeBufferPointer { b in
          guard let rowsOfA = a.baseAddress, let blocksOfB = b.baseAddress, let base = products.baseAddress else {
            return
          }
          nonisolated(unsafe) let (a, b, c) = (rowsOfA, blocksOfB, base + group * count * count)
          let blocks = (count + 15) / 16
          workers.split(blocks, minimum: 8) { range in
            let (first, end) = (range.lowerBound * 16, min(count, range.upperBound * 16))
            var ending = martlet_float_ending(
              initial: c + first * count, initial_stride: count, bias: nil, low: -.infinity, high: .infinity)
            martlet_float_gemm(
              martlet_float_best_kernels(), a + first * rows, rows, b, c + first * count, count, Int32(end - first),
              Int32(count), Int32(rows), &ending)
          }
        }
      }
    }
  }

  private mutating func addTapProducts(_ matrix: [Float], rows: Int) {
    let taps = columns.taps
    let channels = columns.count / taps
    matrix.withUnsafeBufferPointer { matrix in
      products.withUnsafeMutableBufferPointer { products in
        guard let matrix = matrix.baseAddress, let products = products.baseAddress else { return }
        for row in 0..<rows {
          for first in 0..<taps {
            let a = matrix + row * columns.count + first * channels
            for second in 0...first {
              let b = matrix + row * columns.count + second * channels
              let into = products + (first * taps + second) * channels
              for channel in 0..<channels { into[channel] += a[channel] * b[channel] }
            }
          }
        }
      }
    }
  }

  /// Of the column that an output channel multiplies (a depthwise layer's group is its channel): mean values.
  func mean(group: Int) -> [Double] {
    let total = Double(max(1, samples))
    if columns.isDepthwise {
      let channels = columns.count / columns.taps
      return (0..<columns.taps).map { sums[$0 * channels + group] / total }
    }
    return sums[group * columns.count..<(group + 1) * columns.count].map { $0 / total }
  }

  /// Of the same column, of a dense layer: how much each value varies.
  func variances(group: Int) -> [Float] {
    let mean = mean(group: group)
    let total = Double(max(1, samples))
    return mean.indices.map { place in
      let square = Double(products[(group * mean.count + place) * mean.count + place]) / total
      return Float(max(0, square - mean[place] * mean[place]))
    }
  }

  /// Of the same column: the covariance matrix, row by row. Rounding noise may make it slightly indefinite.
  func covariance(group: Int) -> [Float] {
    let mean = mean(group: group)
    let order = mean.count
    let total = Double(max(1, samples))
    let channels = columns.count / columns.taps
    var matrix = [Float](repeating: 0, count: order * order)
    for row in 0..<order {
      for column in 0...row {
        let place =
          columns.isDepthwise
          ? (row * order + column) * channels + group : (group * order + row) * order + column
        let value = Float(Double(products[place]) / total - mean[row] * mean[column])
        matrix[row * order + column] = value
        matrix[column * order + row] = value
      }
    }
    return matrix
  }
}

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
  private var products: [Float]

  /// - Parameter samples: about how many columns are wanted from all `examples` together.
  init?(_ columns: LayerColumns, seed: UInt64, examples: Int, samples: Int = 8192) {
    guard columns.order <= ColumnMoments.longestColumn else { return nil }
    self.columns = columns
    self.seed = seed &* 0x1_0000
    limit = max(1, (columns.isDepthwise ? samples / 2 : samples) / max(1, examples))
    sums = Array(repeating: 0, count: columns.groups * columns.count)
    products = Array(repeating: 0, count: columns.productCount)
  }

  /// Adds one example's input.
  mutating func add(_ tensor: Tensor, on workers: Workers) {
    let positions = columns.sample(limit: limit, seed: seed &+ UInt64(examples))
    let count = columns.count
    examples += 1
    samples += positions.count
    for group in 0..<columns.groups {
      let matrix = columns.rows(tensor, positions, group: group)
      addRows(matrix, width: count, to: &sums, from: group * count)
      if columns.isDepthwise {
        columns.addTapProducts(matrix, matrix, isSymmetric: true, to: &products)
      } else {
        PackedRows(matrix, count: count).addProducts(
          of: matrix, width: count, to: &products, from: group * count * count, on: workers)
      }
    }
  }

  /// Of the column that an output channel multiplies (a depthwise layer's group is its channel): mean values.
  func mean(group: Int) -> [Double] { columns.means(sums, group: group, total: Double(max(1, samples))) }

  /// Of the same column, of a dense layer: how much each value varies.
  func variances(group: Int) -> [Float] {
    let mean = mean(group: group)
    let total = Double(max(1, samples))
    return mean.indices.map { place in
      let square = Double(products[columns.place(place, place, group: group)]) / total
      return Float(max(0, square - mean[place] * mean[place]))
    }
  }

  /// Of the same column: the covariance matrix, row by row. Rounding noise may make it slightly indefinite.
  func covariance(group: Int) -> [Float] {
    let mean = mean(group: group)
    let order = mean.count
    let total = Double(max(1, samples))
    var matrix = [Float](repeating: 0, count: order * order)
    for row in 0..<order {
      for column in 0...row {
        let product = Double(products[columns.place(row, column, group: group)])
        let value = Float(product / total - mean[row] * mean[column])
        matrix[row * order + column] = value
        matrix[column * order + row] = value
      }
    }
    return matrix
  }
}

import Graph

/// What the packed network gives a layer to multiply, and how that differs from what the float network does: first and second
/// moments of the columns x̂, and of the differences x − x̂ with them, summed over sampled positions of examples.
///
/// Of a layer that adds a residual r, also those of r − r̂. The memory depends on the layer alone.
///
/// Positions at which the two differ far more than at most others, as where a few large values were cut off, count less: a
/// layer that made up for them would spoil all others.
struct TwinMoments: Sendable {
  let columns: LayerColumns
  /// Channels of the residual; 0: there is none.
  private let residuals: Int
  /// Positions looked at in an example.
  private let limit: Int
  private let seed: UInt64
  /// The weight of all positions together, of each group.
  private var totals: [Double]
  private var examples = 0
  /// Positions looked at.
  private(set) var samples = 0
  /// Of x̂.
  private var sums: [Double]
  /// Of x − x̂.
  private var differenceSums: [Double]
  /// Of r − r̂.
  private var residualSums: [Double]
  /// x̂ · x̂ᵀ.
  private var products: [Float]
  /// (x − x̂) · x̂ᵀ.
  private var differences: [Float]
  /// (r − r̂) · x̂ᵀ: [residuals][count].
  private var residualProducts: [Float]

  /// - Parameters:
  ///   - residuals: channels of the residual; 0: there is none.
  ///   - samples: about how many columns are wanted from all `examples` together.
  init?(_ columns: LayerColumns, residuals: Int, seed: UInt64, examples: Int, samples: Int = 8192) {
    guard columns.order <= ColumnMoments.longestColumn else { return nil }
    self.columns = columns
    self.residuals = residuals
    self.seed = seed &* 0x1_0000
    totals = Array(repeating: 0, count: columns.groups)
    limit = max(1, (columns.isDepthwise ? samples / 4 : samples) / max(1, examples))
    sums = Array(repeating: 0, count: columns.groups * columns.count)
    differenceSums = sums
    residualSums = Array(repeating: 0, count: residuals)
    products = Array(repeating: 0, count: columns.productCount)
    differences = products
    residualProducts = Array(repeating: 0, count: residuals * columns.count)
  }

  /// Adds one example: the layer's input in both networks, and its residual in both.
  mutating func add(
    float: Tensor, packed: Tensor, residual: (float: Tensor, packed: Tensor)?, on workers: Workers
  ) {
    let positions = columns.sample(limit: limit, seed: seed &+ UInt64(examples))
    let count = columns.count
    examples += 1
    samples += positions.count
    for group in 0..<columns.groups {
      var seen = columns.rows(packed, positions, group: group)
      var lost = columns.rows(float, positions, group: group)
      for place in lost.indices { lost[place] -= seen[place] }
      let width = residual == nil ? 0 : residuals / columns.groups
      var missing: [Float] = []
      missing.reserveCapacity(positions.count * width)
      for position in positions {
        let first = position * residuals + group * width
        for place in first..<first + width {
          missing.append((residual?.float.values[place] ?? 0) - (residual?.packed.values[place] ?? 0))
        }
      }
      let roots = positionWeights(lost, count, missing, width).map { $0.squareRoot() }
      totals[group] += roots.reduce(0) { $0 + Double($1) * Double($1) }
      scaleRows(&seen, by: roots, width: count)
      scaleRows(&lost, by: roots, width: count)
      scaleRows(&missing, by: roots, width: width)
      addRows(seen, times: roots, width: count, to: &sums, from: group * count)
      addRows(lost, times: roots, width: count, to: &differenceSums, from: group * count)
      if columns.isDepthwise {
        columns.addTapProducts(seen, seen, isSymmetric: true, to: &products)
        columns.addTapProducts(lost, seen, isSymmetric: false, to: &differences)
        continue
      }
      let packed = PackedRows(seen, count: count)
      packed.addProducts(of: seen, width: count, to: &products, from: group * count * count, on: workers)
      packed.addProducts(of: lost, width: count, to: &differences, from: group * count * count, on: workers)
      guard width > 0 else { continue }
      addRows(missing, times: roots, width: width, to: &residualSums, from: group * width)
      packed.addProducts(of: missing, width: width, to: &residualProducts, from: group * width * count, on: workers)
    }
  }

  /// Both together; of the same layer.
  static func + (a: TwinMoments, b: TwinMoments) -> TwinMoments {
    var result = a
    add(b.totals, to: &result.totals)
    result.examples += b.examples
    result.samples += b.samples
    add(b.sums, to: &result.sums)
    add(b.differenceSums, to: &result.differenceSums)
    add(b.residualSums, to: &result.residualSums)
    add(b.products, to: &result.products)
    add(b.differences, to: &result.differences)
    add(b.residualProducts, to: &result.residualProducts)
    return result
  }

  private static func add<Number: FloatingPoint>(_ numbers: [Number], to sums: inout [Number]) {
    for place in sums.indices { sums[place] += numbers[place] }
  }
}

extension TwinMoments {
  private func total(_ group: Int) -> Double {
    let total = totals[columns.isDepthwise ? 0 : group]
    return total > 0 ? total : 1
  }

  /// What an output channel's column holds on average in the packed network.
  func mean(group: Int) -> [Double] { columns.means(sums, group: group, total: total(group)) }

  /// The same of the difference to the float network.
  func meanDifference(group: Int) -> [Double] { columns.means(differenceSums, group: group, total: total(group)) }

  /// Of an output channel's residual, the mean difference; 0 without one.
  func meanResidual(channel: Int) -> Double {
    residuals == 0 ? 0 : residualSums[channel] / total(channel / (residuals / columns.groups))
  }

  /// The covariance of the columns of the packed network, row by row.
  func covariance(group: Int) -> [Float] {
    let (mean, total) = (mean(group: group), total(group))
    var matrix = [Float](repeating: 0, count: mean.count * mean.count)
    for row in mean.indices {
      for column in 0...row {
        let product = Double(products[columns.place(row, column, group: group)])
        let value = Float(product / total - mean[row] * mean[column])
        matrix[row * mean.count + column] = value
        matrix[column * mean.count + row] = value
      }
    }
    return matrix
  }

  /// The covariance of the differences (rows) with the columns of the packed network.
  func differenceCovariance(group: Int) -> [Float] {
    let (lost, mean, total) = (meanDifference(group: group), mean(group: group), total(group))
    var matrix: [Float] = []
    matrix.reserveCapacity(mean.count * mean.count)
    for row in mean.indices {
      for column in mean.indices {
        let product = Double(differences[columns.place(row, column, group: group)])
        matrix.append(Float(product / total - lost[row] * mean[column]))
      }
    }
    return matrix
  }

  /// Of an output channel's residual: the covariance of its differences with its column; zeros without one.
  func residualCovariance(channel: Int, group: Int) -> [Float] {
    guard residuals > 0 else { return Array(repeating: 0, count: columns.order) }
    let (mean, missing, total) = (mean(group: group), meanResidual(channel: channel), total(group))
    return mean.indices.map { place in
      Float(Double(residualProducts[channel * mean.count + place]) / total - missing * mean[place])
    }
  }
}

/// How much each position counts, at most 1: by how much the errors of its column and of its residual exceed four times the
/// median power of those of all positions.
private func positionWeights(_ lost: [Float], _ count: Int, _ missing: [Float], _ width: Int) -> [Float] {
  func weights(_ errors: [Float], _ width: Int) -> [Float] {
    let powers = (0..<errors.count / width).map { row in
      errors[row * width..<(row + 1) * width].reduce(Float(0)) { $0 + $1 * $1 }
    }
    let median = powers.sorted()[powers.count / 2]
    guard median > 0 else { return powers.map { _ in 1 } }
    return powers.map { $0.isFinite ? min(1, 4 * median / max($0, .leastNormalMagnitude)) : 0 }
  }
  let own = weights(lost, count)
  return width == 0 ? own : zip(own, weights(missing, width)).map { min($0, $1) }
}

private func scaleRows(_ matrix: inout [Float], by factors: [Float], width: Int) {
  for (row, factor) in factors.enumerated() where factor != 1 {
    for place in row * width..<(row + 1) * width { matrix[place] *= factor }
  }
}

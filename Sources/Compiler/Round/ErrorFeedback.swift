import Graph

/// Rounds weights so that the error of their product with typical columns is small, rather than their own error.
///
/// With the columns' covariance H = (I + U) · D · (I + U)ᵀ, U strictly upper triangular, an error e of a channel's
/// weights costs e·H·eᵀ = Σ D[k] · (e[k] + Σ_{j<k} e[j]·U[j][k])². Rounding weight k after the sum over the errors before
/// it was added leaves in each bracket no more than half a step. This is the order of optimal brain quantization (Frantar
/// et al., GPTQ, 2022) in the form of Chee et al. (QuIP, 2023).
struct ErrorFeedback: Sendable {
  /// Weights of one channel.
  let order: Int
  /// Places of the weights in the order in which they are rounded.
  private let places: [Int]
  /// U, row by row.
  private var feedback: [Float]
  /// D.
  private var diagonal: [Float]

  /// - Parameters:
  ///   - covariance: `order`² values, symmetric.
  ///   - damping: share of the mean variance that is added to each variance.
  init(covariance: [Float], order: Int, damping: Float) {
    self.order = order
    let variances = (0..<order).map { place -> Float in
      let variance = covariance[place * order + place]
      return variance.isFinite ? max(0, variance) : 0
    }
    let places = (0..<order).sorted { (variances[$0], $1) > (variances[$1], $0) }
    self.places = places
    feedback = Array(repeating: 0, count: order * order)
    diagonal = Array(repeating: 0, count: order)
    let added = damping * variances.reduce(0, +) / Float(max(1, order))
    guard added > .leastNormalMagnitude, added.isFinite else { return }
    for row in 0..<order {
      for column in 0..<order {
        let value = covariance[places[row] * order + places[column]]
        feedback[row * order + column] = value.isFinite ? value : 0
      }
      feedback[row * order + row] = variances[places[row]] + added
    }
    factor(smallest: added / 2)
  }

  /// Replaces the matrix by U, from the last column to the first.
  private mutating func factor(smallest: Float) {
    let order = order
    var column = [Float](repeating: 0, count: order)
    var diagonal = diagonal
    feedback.withUnsafeMutableBufferPointer { matrix in
      guard let matrix = matrix.baseAddress else { return }
      for pivot in stride(from: order - 1, through: 0, by: -1) {
        let variance = max(smallest, matrix[pivot * order + pivot])
        diagonal[pivot] = variance
        for row in 0..<pivot { column[row] = matrix[row * order + pivot] }
        for row in 0..<pivot {
          let factor = column[row] / variance
          matrix[row * order + pivot] = factor
          guard factor != 0 else { continue }
          let into = matrix + row * order
          for place in row..<pivot { into[place] -= factor * column[place] }
        }
      }
    }
    self.diagonal = diagonal
  }

  /// Whole numbers of one channel's weights, −`largest`…`largest`, in steps of `scale`: with error feedback, or each
  /// rounded to its nearest step where that costs less. Weights that are not numbers count as 0.
  func round(_ weights: [Float], scale: Float, largest: Float = 127) -> [Int8] {
    let steps = places.map { place -> Float in
      let step = weights[place] / scale
      return step.isNaN || !weights[place].isFinite ? 0 : max(-1e6, min(1e6, step))
    }
    let fedBack = roundInOrder(steps, largest, feedsBack: true)
    let nearest = roundInOrder(steps, largest, feedsBack: false)
    let best = fedBack.cost <= nearest.cost ? fedBack.values : nearest.values
    var values = best
    for (step, place) in places.enumerated() { values[place] = best[step] }
    return values
  }

  /// The row vector z with z · H = `right`, H being the damped covariance; zeros where nothing varies.
  func solved(_ right: [Float]) -> [Float] {
    var row = places.map { right[$0].isFinite ? right[$0] : 0 }
    guard diagonal.first ?? 0 > 0 else { return Array(repeating: 0, count: order) }
    feedback.withUnsafeBufferPointer { feedback in
      row.withUnsafeMutableBufferPointer { row in
        guard let feedback = feedback.baseAddress, let row = row.baseAddress else { return }
        // right = y · D · (I + U)ᵀ, from the last to the first, then y = z · (I + U), from the first to the last.
        for step in stride(from: order - 1, through: 0, by: -1) {
          let left = order - 1 - step
          row[step] -= dotProduct(feedback + step * order + step + 1, row + step + 1, count: left)
        }
        for step in 0..<order { row[step] /= diagonal[step] }
        for step in 0..<order {
          let value = row[step]
          let factors = feedback + step * order
          for later in step + 1..<max(order, step + 1) { row[later] -= value * factors[later] }
        }
      }
    }
    var result = row
    for (step, place) in places.enumerated() { result[place] = row[step] }
    return result
  }

  /// Rounds steps that are in the order of `places`. The cost is Σ D[k] · (e[k] + Σ_{j<k} e[j]·U[j][k])².
  private func roundInOrder(
    _ steps: [Float], _ largest: Float, feedsBack: Bool
  ) -> (values: [Int8], cost: Double) {
    var values = [Int8](repeating: 0, count: order)
    var cost = 0.0
    var sums = [Float](repeating: 0, count: order)
    feedback.withUnsafeBufferPointer { feedback in
      sums.withUnsafeMutableBufferPointer { sums in
        guard let feedback = feedback.baseAddress else { return }
        for step in 0..<order {
          let target = feedsBack ? steps[step] + sums[step] : steps[step]
          let value = target.isNaN ? 0 : max(-largest, min(largest, target.rounded(.toNearestOrEven)))
          values[step] = Int8(value)
          let error = steps[step] - value
          let left = Double(error + sums[step])
          cost += Double(diagonal[step]) * left * left
          guard error != 0 else { continue }
          let row = feedback + step * order
          var later = step + 1
          while later < order {
            sums[later] += error * row[later]
            later += 1
          }
        }
      }
    }
    return (values, cost)
  }
}

/// Σ a[k] · b[k].
func dotProduct(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
  var sums = SIMD16<Float>.zero
  var index = 0
  while index + 16 <= count {
    let left = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD16<Float>.self)
    sums += left * UnsafeRawPointer(b + index).loadUnaligned(as: SIMD16<Float>.self)
    index += 16
  }
  var sum = sums.sum()
  while index < count {
    sum += a[index] * b[index]
    index += 1
  }
  return sum
}

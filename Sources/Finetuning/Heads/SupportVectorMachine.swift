import CShim
import Graph

/// Features minus their mean, divided so that their mean squared norm is 1.
struct CenteredFeatures {
  let count: Int
  let featureCount: Int
  /// Examples × features.
  let values: [Float]
  private let mean: [Float]
  private let factor: Float

  init(_ set: FeatureSet) {
    (count, featureCount) = (set.count, set.featureCount)
    let reals = set.reals
    var mean = [Float](repeating: 0, count: featureCount)
    for index in 0..<count {
      for feature in 0..<featureCount { mean[feature] += reals[index * featureCount + feature] / Float(count) }
    }
    var centered = reals
    var energy: Double = 0
    for index in centered.indices {
      centered[index] -= mean[index % featureCount]
      energy += Double(centered[index]) * Double(centered[index])
    }
    let factor = Float((Double(count) / max(energy, 1e-30)).squareRoot())
    values = centered.map { $0 * factor }
    (self.mean, self.factor) = (mean, factor)
  }

  /// Centers features of another set likewise.
  func applied(to set: FeatureSet) -> [Float] {
    let reals = set.reals
    return reals.indices.map { (reals[$0] - mean[$0 % featureCount]) * factor }
  }

  /// Weights for the real features that give the same scores.
  func onReals(_ weights: [Float], _ bias: Float) -> (weights: [Float], bias: Float) {
    let scaled = weights.map { $0 * factor }
    return (scaled, bias - zip(scaled, mean).reduce(0) { $0 + $1.0 * $1.1 })
  }
}

/// A linear support vector machine with hinge loss, one class against the rest: dual coordinate descent (Hsieh et al. 2008).
/// The bias is the weight of a feature that is always 1.
///
/// It ends when no example's gradient was off by more than 0.001 in an epoch, or after `options.steps`.
func supportVectorMachine(
  _ problem: CenteredFeatures, label: Int, _ labels: [Int], _ options: HeadOptions
) -> (weights: [Float], bias: Float, epochs: Int) {
  let features = problem.featureCount
  let positives = labels.count { $0 == label }
  let negatives = labels.count - positives
  let half = Float(labels.count) / 2
  let costs = labels.map { found -> Float in
    guard options.isBalanced else { return options.cost }
    return options.cost * half / Float(found == label ? positives : negatives)
  }
  var weights = [Float](repeating: 0, count: features)
  var bias: Float = 0
  var multipliers = [Float](repeating: 0, count: labels.count)
  var random = SplitMix64(seed: options.seed)
  var epochs = 0
  problem.values.withUnsafeBufferPointer { values in
    let norms = labels.indices.map { index -> Float in
      let example = values.baseAddress! + index * features
      return martlet_head_product(example, example, Int32(features)) + 1
    }
    weights.withUnsafeMutableBufferPointer { weights in
      while epochs < options.steps ?? 200 {
        epochs += 1
        var worst: Float = 0
        for index in random.permutation(labels.count) {
          let side: Float = labels[index] == label ? 1 : -1
          let example = values.baseAddress! + index * features
          let margin = side * (martlet_head_product(weights.baseAddress!, example, Int32(features)) + bias)
          let gradient = margin - 1
          let old = multipliers[index]
          let new = max(0, min(costs[index], old - gradient / norms[index]))
          guard new != old else { continue }
          worst = max(worst, abs(gradient))
          multipliers[index] = new
          martlet_head_add(weights.baseAddress!, example, (new - old) * side, Int32(features))
          bias += (new - old) * side
        }
        if worst < 0.001 { break }
      }
    }
  }
  return (weights, bias, epochs)
}

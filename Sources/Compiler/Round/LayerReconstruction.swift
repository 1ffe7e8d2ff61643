import Graph

/// The real weights with which one packed layer comes nearest to the float one, and what becomes of them when they are rounded.
///
/// A correction that fits the examples seen may misfit others. So it is found from each half of the examples, and the share
/// of it that does best on the other half is made of the one from all examples: nothing where the halves have nothing in
/// common.
struct LayerReconstruction {
  /// In the order of the layer's own.
  private(set) var weights: [Float]
  private let layer: LinearLayer
  private let moments: TwinMoments
  private let groups: [ColumnGroup]
  private let perGroup: Int

  init(_ layer: LinearLayer, _ halves: TwinHalves, on workers: Workers) {
    let columns = halves.whole.columns
    let count = columns.isDepthwise ? layer.outputs : columns.groups
    (self.layer, moments, perGroup) = (layer, halves.whole, layer.outputs / count)
    groups = (0..<count).map { ColumnGroup(halves.whole, $0) }
    weights = layer.weights.values
    let share = correctionShare(layer, halves, perGroup: perGroup, on: workers)
    guard share > 0 else { return }
    let (groups, moments, perGroup) = (groups, moments, perGroup)
    let corrections = workers.map(Array(0..<layer.outputs)) { channel in
      groups[channel / perGroup].correction(layer.channelWeights(channel), moments, channel)
    }
    for channel in 0..<layer.outputs {
      for (index, place) in layer.places(ofOutput: channel).enumerated() where corrections[channel][index].isFinite {
        weights[place] += share * corrections[channel][index]
      }
    }
  }

  /// Whole numbers of each output channel's weights, in steps of its scale.
  func rounded(scales: [Float], largest: Float, on workers: Workers) -> [[Int8]] {
    let (groups, perGroup, layer, weights) = (groups, perGroup, layer, weights)
    return workers.map(Array(0..<layer.outputs)) { channel in
      groups[channel / perGroup].feedback.round(
        layer.places(ofOutput: channel).map { weights[$0] }, scale: scales[channel], largest: largest)
    }
  }

  /// Biases with which each output channel is on average what it is in float.
  func biases(_ rounded: [[Int8]], scales: [Float]) -> [Float] {
    var biases = layer.bias.values
    for channel in biases.indices {
      let group = groups[channel / perGroup]
      var shift = moments.meanResidual(channel: channel)
      for (index, weight) in layer.channelWeights(channel).enumerated() {
        let error = Double(scales[channel]) * Double(rounded[channel][index]) - Double(weight)
        shift += Double(weight) * group.meanDifference[index] - error * group.mean[index]
      }
      if shift.isFinite { biases[channel] += Float(shift) }
    }
    return biases
  }
}

extension LinearLayer {
  /// The float weights of an output channel.
  fileprivate func channelWeights(_ channel: Int) -> [Float] { places(ofOutput: channel).map { weights.values[$0] } }
}

/// Which share of the correction that one half of the examples suggests does best on the other half, 0…1: with correction δ of
/// one half, and right side R and covariance H of the other, Σ δ·R ÷ Σ δ·H·δ over both ways and all output channels.
private func correctionShare(
  _ layer: LinearLayer, _ halves: TwinHalves, perGroup: Int, on workers: Workers
) -> Float {
  // Fewer positions than weights fit anything, and say little about each other.
  guard min(halves.first.samples, halves.second.samples) >= halves.whole.columns.order else { return 0 }
  var (gain, cost) = (0.0, 0.0)
  for (seen, unseen) in [(halves.first, halves.second), (halves.second, halves.first)] {
    for group in 0..<layer.outputs / perGroup {
      let fit = ColumnGroup(seen, group)
      let test = UnseenGroup(unseen, group)
      let results = workers.map(Array(group * perGroup..<(group + 1) * perGroup)) { channel in
        let weights = layer.channelWeights(channel)
        return test.gainAndCost(fit.correction(weights, seen, channel), weights, unseen, channel)
      }
      for result in results {
        gain += result.gain
        cost += result.cost
      }
    }
  }
  return cost > 0 && gain.isFinite ? Float(max(0, min(1, gain / cost))) : 0
}

/// The columns that a group of output channels multiplies.
private struct ColumnGroup: Sendable {
  let mean: [Double]
  let meanDifference: [Double]
  let feedback: ErrorFeedback
  private let differences: [Float]
  private let group: Int

  init(_ moments: TwinMoments, _ group: Int) {
    self.group = group
    (mean, meanDifference) = (moments.mean(group: group), moments.meanDifference(group: group))
    feedback = ErrorFeedback(covariance: moments.covariance(group: group), order: mean.count, damping: 0.05)
    differences = moments.differenceCovariance(group: group)
  }

  /// What has to be added to real weights to bring an output channel nearest to float.
  func correction(_ weights: [Float], _ moments: TwinMoments, _ channel: Int) -> [Float] {
    feedback.solved(rightSide(weights, differences, moments.residualCovariance(channel: channel, group: group)))
  }
}

/// The same columns on examples from which no correction was made.
private struct UnseenGroup: Sendable {
  private let covariance: [Float]
  private let differences: [Float]
  private let group: Int

  init(_ moments: TwinMoments, _ group: Int) {
    self.group = group
    (covariance, differences) = (moments.covariance(group: group), moments.differenceCovariance(group: group))
  }

  /// By a share s of a correction, the squared error changes by s² · cost − 2 · s · gain.
  func gainAndCost(
    _ correction: [Float], _ weights: [Float], _ moments: TwinMoments, _ channel: Int
  ) -> (gain: Double, cost: Double) {
    let right = rightSide(weights, differences, moments.residualCovariance(channel: channel, group: group))
    let gain = zip(correction, right).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    var cost = 0.0
    correction.withUnsafeBufferPointer { correction in
      covariance.withUnsafeBufferPointer { covariance in
        guard let row = correction.baseAddress, let matrix = covariance.baseAddress else { return }
        for place in correction.indices {
          cost += Double(row[place] * dotProduct(row, matrix + place * correction.count, count: correction.count))
        }
      }
    }
    return (gain, cost)
  }
}

/// W · Cov(x − x̂, x̂) + Cov(r − r̂, x̂) of an output channel.
private func rightSide(_ weights: [Float], _ differences: [Float], _ residual: [Float]) -> [Float] {
  var right = residual
  let order = weights.count
  for (row, weight) in weights.enumerated() where weight.isFinite {
    for column in 0..<order { right[column] += weight * differences[row * order + column] }
  }
  return right
}

import CShim
import Compiler
import Graph
import Martlet

/// One hidden layer with ReLU, then softmax: Adam (Kingma and Ba 2015) on batches of 32, decoupled weight decay.
final class HiddenHead: TrainedHead {
  private let problem: CenteredFeatures
  private let training: FeatureSet
  private var network: HiddenNetwork
  private(set) var steps = 0

  /// With validation examples the epoch that does best on them is kept, and training stops 15 epochs after it.
  init(_ training: FeatureSet, _ validation: FeatureSet?, _ options: HeadOptions) throws(FinetuneError) {
    guard (1...4096).contains(options.hiddenUnits) else {
      throw FinetuneError("a hidden layer has 1 to 4096 units, not \(options.hiddenUnits)")
    }
    problem = CenteredFeatures(training)
    self.training = training
    var random = SplitMix64(seed: options.seed)
    network = HiddenNetwork(
      inputs: training.featureCount, units: options.hiddenUnits, classes: training.classNames.count, &random)
    let counts = training.counts
    let share = Float(training.count) / Float(counts.count)
    let importance = training.labels.map { options.isBalanced ? share / Float(counts[$0]) : 1 }
    let held = validation.map { problem.applied(to: $0) }
    var best = (loss: Double.infinity, epoch: 0, network: network)
    let epochs = options.steps ?? 60
    for epoch in 1...max(1, epochs) {
      let order = random.permutation(training.count)
      var first = 0
      while first < order.count {
        let batch = order[first..<min(order.count, first + 32)]
        network.step(
          batch, problem.values, training.labels, importance, decay: options.regularization ?? 0.0001)
        first += 32
      }
      steps = epoch
      guard let validation, let held, validation.count > 0 else { continue }
      let loss = balancedCrossEntropy(network.scores(held, count: validation.count), validation)
      if loss < best.loss { best = (loss, epoch, network) }
      if epoch >= best.epoch + 15 { break }
    }
    if best.epoch > 0 { (network, steps) = (best.network, best.epoch) }
  }

  func scores(of set: FeatureSet) throws -> [[Float]] {
    network.scores(problem.applied(to: set), count: set.count)
  }

  func patch(_ place: HeadPlace) throws -> [UInt8] {
    let first = try roundedHidden()
    let hidden = try first.outputs(training)
    return try TwoLayers(first: first, weights: network.second, biases: network.secondBiases, hidden: hidden)
      .patch(place, training)
  }

  /// The hidden layer on real features, rounded.
  private func roundedHidden() throws -> RoundedLayer {
    var weights: [Float] = []
    var biases: [Float] = []
    for unit in 0..<network.units {
      let row = Array(network.first[unit * network.inputs..<(unit + 1) * network.inputs])
      let (scaled, bias) = problem.onReals(row, network.firstBiases[unit])
      weights += scaled
      biases.append(bias)
    }
    return RoundedLayer(
      weights: weights, biases: biases, inputs: network.inputs, inputScale: training.scale,
      inputZeroPoint: training.zeroPoint, isRectified: true)
  }
}

/// Float weights of a hidden layer and of the layer behind it, with Adam's moments.
struct HiddenNetwork {
  let inputs: Int
  let units: Int
  let classes: Int
  /// units × inputs.
  var first: [Float]
  var firstBiases: [Float]
  /// classes × units.
  var second: [Float]
  var secondBiases: [Float]
  private var moments: [AdamMoments]
  private var stepCount = 0

  init(inputs: Int, units: Int, classes: Int, _ random: inout SplitMix64) {
    (self.inputs, self.units, self.classes) = (inputs, units, classes)
    // He et al. 2015, of features whose squared norm, not whose variance, is 1.
    first = (0..<units * inputs).map { _ in 1.4 * random.uniform() }
    firstBiases = [Float](repeating: 0, count: units)
    let spread = 2.4 / Float(units).squareRoot()
    second = (0..<classes * units).map { _ in spread * random.uniform() }
    secondBiases = [Float](repeating: 0, count: classes)
    moments = [units * inputs, units, classes * units, classes].map(AdamMoments.init)
  }

  /// Scores of every class for `count` centered examples.
  func scores(_ values: [Float], count: Int) -> [[Float]] {
    values.withUnsafeBufferPointer { values in
      (0..<count).map { forward(values.baseAddress! + $0 * inputs).scores }
    }
  }

  private func forward(_ example: UnsafePointer<Float>) -> (hidden: [Float], scores: [Float]) {
    let hidden = first.withUnsafeBufferPointer { first in
      (0..<units).map { unit in
        max(0, martlet_head_product(first.baseAddress! + unit * inputs, example, Int32(inputs)) + firstBiases[unit])
      }
    }
    let scores = (0..<classes).map { label in
      zip(second[label * units..<(label + 1) * units], hidden).reduce(secondBiases[label]) { $0 + $1.0 * $1.1 }
    }
    return (hidden, scores)
  }

  /// One step of Adam, rate 0.002.
  mutating func step(
    _ batch: ArraySlice<Int>, _ values: [Float], _ labels: [Int], _ importance: [Float], decay: Float
  ) {
    var gradients = [units * inputs, units, classes * units, classes].map { [Float](repeating: 0, count: $0) }
    values.withUnsafeBufferPointer { values in
      for index in batch {
        addGradients(
          values.baseAddress! + index * inputs, label: labels[index],
          share: importance[index] / Float(batch.count), &gradients)
      }
    }
    stepCount += 1
    moments[0].apply(gradients[0], to: &first, step: stepCount, decay: decay)
    moments[1].apply(gradients[1], to: &firstBiases, step: stepCount, decay: 0)
    moments[2].apply(gradients[2], to: &second, step: stepCount, decay: decay)
    moments[3].apply(gradients[3], to: &secondBiases, step: stepCount, decay: 0)
  }

  private func addGradients(
    _ example: UnsafePointer<Float>, label: Int, share: Float, _ gradients: inout [[Float]]
  ) {
    let (hidden, scores) = forward(example)
    let largest = scores.max() ?? 0
    let exponentials = scores.map { martlet_exponential($0 - largest) }
    let sum = exponentials.reduce(0, +)
    var errors = exponentials.map { share * $0 / sum }
    errors[label] -= share
    for unit in 0..<units where hidden[unit] > 0 {
      var error: Float = 0
      for label in 0..<classes {
        error += errors[label] * second[label * units + unit]
        gradients[2][label * units + unit] += errors[label] * hidden[unit]
      }
      gradients[1][unit] += error
      gradients[0].withUnsafeMutableBufferPointer {
        martlet_head_add($0.baseAddress! + unit * inputs, example, error, Int32(inputs))
      }
    }
    for label in 0..<classes { gradients[3][label] += errors[label] }
  }
}

/// Running means of a gradient and of its square.
private struct AdamMoments {
  private var mean: [Float]
  private var square: [Float]

  init(_ count: Int) {
    mean = [Float](repeating: 0, count: count)
    square = mean
  }

  mutating func apply(_ gradient: [Float], to weights: inout [Float], step: Int, decay: Float) {
    let (rate, first, second): (Float, Float, Float) = (0.002, 0.9, 0.999)
    var (firstPower, secondPower): (Float, Float) = (1, 1)
    for _ in 0..<min(step, 10_000) {
      firstPower *= first
      secondPower *= second
    }
    let (firstShare, secondShare) = (1 / (1 - firstPower), 1 / (1 - secondPower))
    for index in weights.indices {
      mean[index] = first * mean[index] + (1 - first) * gradient[index]
      square[index] = second * square[index] + (1 - second) * gradient[index] * gradient[index]
      let step = mean[index] * firstShare / ((square[index] * secondShare).squareRoot() + 1e-8)
      weights[index] -= rate * (step + decay * weights[index])
    }
  }
}

extension SplitMix64 {
  /// A number in −1..<1.
  fileprivate mutating func uniform() -> Float { Float(next() >> 40) / Float(1 << 23) - 1 }
}

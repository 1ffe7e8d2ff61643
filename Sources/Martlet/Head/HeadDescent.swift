import CShim

/// What a softmax regression minimizes: Σ wᵢ · cross entropy ÷ Σ wᵢ + regularization · ‖weights‖² ÷ 2, of features that are
/// centered and scaled so that their mean squared norm is 1.
struct DescentRules {
  var regularization: Float = 0
  var isBalanced = true
  /// 1 ÷ a bound of the second derivative.
  var rate: Float = 0
  /// Steps since momentum began anew.
  var momentumSteps: Int32 = 0
}

/// Softmax regression: Nesterov's accelerated gradient (1983) over all examples, begun anew when it overshoots (O'Donoghue
/// and Candès 2015).
extension HeadTrainer {
  /// Begins a softmax regression with weights of 0.
  /// - Parameters:
  ///   - given: the regularization, 0 or more; nil: 0.02 ÷ the number of examples, at most 0.001.
  ///   - isBalanced: each class counts the same, whatever the number of its examples.
  /// - Throws: `head` when fewer than two classes have examples, or `regularization` is not finite or negative.
  public mutating func begin(regularization given: Float? = nil, isBalanced: Bool = true) throws(Fault) {
    let regularization = given ?? min(0.001, 0.02 / Float(Int(max(1, exampleCount))))
    guard presentClasses >= 2, regularization >= 0, regularization <= 1000 else { throw Fault(.head) }
    clear()
    findMean()
    let energy = meanEnergy()
    // A power of two keeps the products exact: the mean squared norm lies in 1 ..< 4.
    let octave = Int32(bitPattern: energy.bitPattern &>> 23) &- 127
    let halved = octave &>> 1
    unit = Float(bitPattern: UInt32(bitPattern: 127 &- halved) &<< 23)
    let norm = energy * unit * unit
    rules.regularization = regularization * norm
    rules.isBalanced = isBalanced
    rules.momentumSteps = 0
    // The second derivative of the cross entropy of softmax is at most ½ ‖(x, 1)‖².
    rules.rate = 1 / (0.5 * (norm + 1) * spread + rules.regularization)
  }

  /// Takes steps down the gradient of all examples. Some hundreds suffice; more never harm but by fitting closer.
  public mutating func descend(steps: Int) {
    var step = 0
    while step < steps {
      findGradient()
      advance()
      step += 1
    }
  }

  private var presentClasses: Int {
    var present = 0
    var label = 0
    while label < Int(shape.classCount) {
      if counts[label] > 0 { present += 1 }
      label += 1
    }
    return present
  }

  /// What an example of a class counts.
  private func importance(ofClass label: Int) -> Float {
    guard rules.isBalanced else { return 1 }
    return Float(Int(exampleCount)) / (Float(presentClasses) * Float(Int(counts[label])))
  }

  /// How much larger the weighted mean of squared norms can be than the plain one.
  private var spread: Float {
    guard rules.isBalanced else { return 1 }
    var largest: Float = 1
    var label = 0
    while label < Int(shape.classCount) {
      if counts[label] > 0 { largest = max(largest, importance(ofClass: label)) }
      label += 1
    }
    return largest
  }

  private mutating func findMean() {
    fill(mean, shape.featureCount, 0)
    var index: Int32 = 0
    while index < exampleCount {
      martlet_head_accumulate(mean, example(index), 1, shape.featureCount)
      index += 1
    }
    let share = 1 / Float(Int(exampleCount))
    var feature = 0
    while feature < Int(shape.featureCount) {
      mean[feature] *= share
      feature += 1
    }
  }

  /// The mean of ‖value − mean‖², at least 2⁻²⁰.
  private func meanEnergy() -> Float {
    var energy: Float = 0
    var index: Int32 = 0
    while index < exampleCount {
      fill(gradient, shape.featureCount, 0)
      martlet_head_accumulate(gradient, example(index), 1, shape.featureCount)
      martlet_head_add(gradient, mean, -1, shape.featureCount)
      energy += martlet_head_product(gradient, gradient, shape.featureCount)
      index += 1
    }
    return max(energy / Float(Int(exampleCount)), 0x1p-20)
  }

  /// The gradient at `point`, into `gradient`.
  private mutating func findGradient() {
    let classes = Int(shape.classCount)
    let features = Int(shape.featureCount)
    fill(gradient, shape.classCount &* shape.featureCount, 0)
    fill(gradientBiases, shape.classCount, 0)
    var label = 0
    while label < classes {
      offsets[label] = martlet_head_product(point + label * features, mean, shape.featureCount)
      label += 1
    }
    let share = 1 / totalImportance
    var index: Int32 = 0
    while index < exampleCount {
      let values = example(index)
      findProbabilities(values)
      let target = Int(classOf[Int(index)])
      let importance = importance(ofClass: target) * share
      label = 0
      while label < classes {
        let error = importance * (scores[label] - (label == target ? 1 : 0))
        gradientBiases[label] += error
        martlet_head_accumulate(gradient + label * features, values, error, shape.featureCount)
        label += 1
      }
      index += 1
    }
    label = 0
    while label < classes {
      let row = gradient + label * features
      martlet_head_add(row, mean, -gradientBiases[label], shape.featureCount)
      var feature = 0
      while feature < features {
        row[feature] = unit * row[feature] + rules.regularization * point[label * features + feature]
        feature += 1
      }
      label += 1
    }
  }

  private var totalImportance: Float {
    var total: Float = 0
    var label = 0
    while label < Int(shape.classCount) {
      if counts[label] > 0 { total += importance(ofClass: label) * Float(Int(counts[label])) }
      label += 1
    }
    return total
  }

  /// Softmax of the scores at `point`, into `scores`.
  private mutating func findProbabilities(_ values: UnsafePointer<Int8>) {
    let classes = Int(shape.classCount)
    var largest = -Float.infinity
    var label = 0
    while label < classes {
      let row = point + label * Int(shape.featureCount)
      scores[label] =
        unit * (martlet_head_dot(row, values, shape.featureCount) - offsets[label]) + pointBiases[label]
      if scores[label] > largest { largest = scores[label] }
      label += 1
    }
    var sum: Float = 0
    label = 0
    while label < classes {
      scores[label] = martlet_exponential(scores[label] - largest)
      sum += scores[label]
      label += 1
    }
    label = 0
    while label < classes {
      scores[label] /= sum
      label += 1
    }
  }

  /// A step from `point` to new weights, and on along the way that they came.
  private mutating func advance() {
    let overshoots =
      slope(gradient, point, weights, shape.classCount &* shape.featureCount)
      + slope(gradientBiases, pointBiases, biases, shape.classCount) > 0
    rules.momentumSteps = overshoots ? 0 : rules.momentumSteps &+ 1
    let momentum = Float(Int(rules.momentumSteps)) / Float(Int(rules.momentumSteps &+ 3))
    advance(weights, point, gradient, shape.classCount &* shape.featureCount, momentum)
    advance(biases, pointBiases, gradientBiases, shape.classCount, momentum)
  }

  /// Σ gradient · (new weights − weights): above 0 when the last steps led uphill.
  private func slope(
    _ gradient: UnsafePointer<Float>, _ point: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ count: Int32
  ) -> Float {
    martlet_head_product(gradient, point, count) - rules.rate * martlet_head_product(gradient, gradient, count)
      - martlet_head_product(gradient, weights, count)
  }

  private func advance(
    _ weights: UnsafeMutablePointer<Float>, _ point: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ count: Int32, _ momentum: Float
  ) {
    var index = 0
    while index < Int(count) {
      let new = point[index] - rules.rate * gradient[index]
      point[index] = new + momentum * (new - weights[index])
      weights[index] = new
      index += 1
    }
  }
}

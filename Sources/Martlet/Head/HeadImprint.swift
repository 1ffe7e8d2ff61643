import CShim

/// Weight imprinting (Qi, Brown and Lowe 2018): a class's weights are the direction of the mean of its examples' directions.
/// One example a class is enough, and nothing is iterated.
extension HeadTrainer {
  /// Sets the weights from the stored examples. A score is 16 × the cosine for features of average length.
  /// - Throws: `head` when a class has no example.
  public mutating func imprint() throws(Fault) {
    let features = Int(shape.featureCount)
    clear()
    fill(mean, shape.featureCount, Float(Int(shape.zeroPoint)))
    var length: Float = 0
    var index: Int32 = 0
    while index < exampleCount {
      let values = example(index)
      let norm = wholeNorm(values)
      length += norm
      let row = weights + Int(classOf[Int(index)]) * features
      martlet_head_accumulate(row, values, 1 / norm, shape.featureCount)
      martlet_head_add(row, mean, -1 / norm, shape.featureCount)
      index += 1
    }
    var label = 0
    while label < Int(shape.classCount) {
      guard counts[label] > 0 else { throw Fault(.head, detail: label) }
      let row = weights + label * features
      let norm = max(martlet_square_root(martlet_head_product(row, row, shape.featureCount)), 0x1p-20)
      var feature = 0
      while feature < features {
        row[feature] /= norm
        feature += 1
      }
      label += 1
    }
    unit = 16 * Float(Int(exampleCount)) / length
  }

  /// ‖value − zero point‖, at least 1.
  private func wholeNorm(_ values: UnsafePointer<Int8>) -> Float {
    max(1, martlet_square_root(martlet_head_energy(values, shape.zeroPoint, shape.featureCount)))
  }
}

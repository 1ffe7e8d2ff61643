import Compiler
import Graph
import Martlet

/// A fully connected layer whose weights are rounded to int8, one scale an output.
struct RoundedLayer {
  let inputs: Int
  let weights: [Int8]
  let scales: [Float]
  let biases: [Int32]
  let inputScale: Float
  let inputZeroPoint: Int32
  let isRectified: Bool

  /// - Parameter weights: outputs × inputs, for real inputs.
  init(
    weights: [Float], biases: [Float], inputs: Int, inputScale: Float, inputZeroPoint: Int32, isRectified: Bool
  ) {
    (self.inputs, self.inputScale, self.inputZeroPoint) = (inputs, inputScale, inputZeroPoint)
    self.isRectified = isRectified
    var (rounded, scales, wholeBiases): ([Int8], [Float], [Int32]) = ([], [], [])
    for output in biases.indices {
      let row = weights[output * inputs..<(output + 1) * inputs]
      let scale = max(row.reduce(0) { max($0, $1.magnitude) } / 127, 0x1p-60)
      rounded += row.map { Int8(max(-127, min(127, ($0 / scale).rounded(.toNearestOrEven)))) }
      scales.append(scale)
      let bias = Double(biases[output]) / (Double(inputScale) * Double(scale))
      wholeBiases.append(Int32(max(-1e9, min(1e9, bias.rounded()))))
    }
    (self.weights, self.scales, self.biases) = (rounded, scales, wholeBiases)
  }

  /// Real outputs for examples × inputs int8 values.
  func outputs(_ values: [Int8]) -> [Float] {
    var outputs: [Float] = []
    for example in stride(from: 0, to: values.count, by: inputs) {
      for output in biases.indices {
        var sum = Int(biases[output])
        for input in 0..<inputs {
          sum += Int(weights[output * inputs + input]) * (Int(values[example + input]) - Int(inputZeroPoint))
        }
        let real = Float(sum) * (inputScale * scales[output])
        outputs.append(isRectified ? max(0, real) : real)
      }
    }
    return outputs
  }

  func outputs(_ set: FeatureSet) throws -> [Float] { outputs(set.values) }

  /// The layer's record and constants in a patch.
  func bytes(_ output: Quantization) -> (record: HeadLayerRecord, constants: [UInt8]) {
    var record = HeadLayerRecord(inputs: Int32(inputs), outputs: Int32(biases.count))
    record.outputScale = output.scale
    record.outputZeroPoint = output.zeroPoint
    record.low = isRectified ? output.zeroPoint : -128
    var constants = biases.withUnsafeBytes { Array($0) } + scales.withUnsafeBytes { Array($0) }
    constants += weights.map { UInt8(bitPattern: $0) }
    constants += [UInt8](repeating: 0, count: -weights.count & 3)
    return (record, constants)
  }
}

/// A hidden layer and the layer behind it.
struct TwoLayers {
  let first: RoundedLayer
  /// classes × hidden units.
  let weights: [Float]
  let biases: [Float]
  /// Real outputs of the hidden layer, examples × units.
  let hidden: [Float]

  /// The whole head patch.
  func patch(_ place: HeadPlace, _ training: FeatureSet) throws -> [UInt8] {
    let hiddenRule = rule(hidden, margin: 0)
    let rounded = hidden.map { hiddenRule.quantize($0) }
    let second = RoundedLayer(
      weights: weights, biases: biases, inputs: first.biases.count, inputScale: hiddenRule.scale,
      inputZeroPoint: hiddenRule.zeroPoint, isRectified: false)
    let outputRule = rule(second.outputs(rounded), margin: 0.125)
    let (one, two) = (first.bytes(hiddenRule), second.bytes(outputRule))
    let labels = place.labelBytes
    var header = HeadHeader()
    header.backbone = place.backbone
    header.featureTensor = UInt32(place.tensor)
    header.isPooled = place.isPooled ? 1 : 0
    header.featureCount = UInt32(training.featureCount)
    header.featureScale = training.scale
    header.featureZeroPoint = training.zeroPoint
    header.classCount = UInt32(biases.count)
    header.layerCount = 2
    header.labelBytes = UInt32(labels.count)
    func raw<Record: BitwiseCopyable>(_ record: Record) -> [UInt8] { withUnsafeBytes(of: record) { Array($0) } }
    let body = raw(one.record) + raw(two.record) + one.constants + two.constants + labels
    header.fileBytes = UInt32(HeadHeader.byteCount + body.count)
    let memory = AlignedBytes(copying: raw(header) + body)
    HeadHeader.seal(memory.buffer)
    return Array(memory.buffer)
  }

  /// The quantization that all values fit, with a share of their range more at each end.
  private func rule(_ values: [Float], margin: Float) -> Quantization {
    let (least, largest) = (min(0, values.min() ?? 0), max(0, values.max() ?? 0))
    let more = (largest - least) * margin
    let scale = max((largest - least + 2 * more) / 255, 0x1p-60)
    let low = least < 0 ? least - more : 0
    return Quantization(scale: scale, zeroPoint: Int32(max(-128, min(127, (-128 - low / scale).rounded()))))
  }
}

import CShim

/// A verified head patch where it lies: one or two fully connected layers on the features of a network. The bytes must
/// outlive it. Nothing is allocated.
public struct HeadPatch: ~Copyable {
  let bytes: UnsafeRawBufferPointer
  private let start: UnsafeRawPointer

  /// For `HeadCheck` alone.
  init(verified bytes: UnsafeRawBufferPointer, _ start: UnsafeRawPointer) {
    (self.bytes, self.start) = (bytes, start)
  }

  /// The file's header.
  public var header: HeadHeader { start.load(as: HeadHeader.self) }

  /// Number of layers.
  public var layerCount: Int { Int(truncatingIfNeeded: header.layerCount) }

  /// A layer's record.
  public func layer(_ index: Int) -> HeadLayerRecord {
    precondition((0..<layerCount).contains(index))
    return (start + HeadHeader.byteCount + index * HeadLayerRecord.byteCount).load(as: HeadLayerRecord.self)
  }

  /// Class labels, one a line.
  public var labels: Text {
    let count = Int(truncatingIfNeeded: header.labelBytes)
    return Text(bytes: UnsafeRawBufferPointer(rebasing: bytes[bytes.count - count..<bytes.count]))
  }

  /// A layer's biases (scale: feature scale × weight scale), scales of its weights, and weights.
  func constants(
    ofLayer index: Int
  ) -> (biases: UnsafePointer<Int32>, scales: UnsafePointer<Float>, weights: UnsafePointer<Int8>) {
    var place = start + HeadHeader.byteCount + layerCount * HeadLayerRecord.byteCount
    var number = 0
    while number < index {
      place += layer(number).constantBytes
      number += 1
    }
    let outputs = Int(truncatingIfNeeded: layer(index).outputs)
    return (
      place.assumingMemoryBound(to: Int32.self), (place + 4 * outputs).assumingMemoryBound(to: Float.self),
      (place + 8 * outputs).assumingMemoryBound(to: Int8.self)
    )
  }

  #if !hasFeature(Embedded)
    /// Copies of a layer's biases, scales of its weights, and weights (outputs × inputs).
    public func layerConstants(_ index: Int) -> (biases: [Int32], scales: [Float], weights: [Int8]) {
      let record = layer(index)
      let constants = constants(ofLayer: index)
      let (inputs, outputs) = (Int(record.inputs), Int(record.outputs))
      return (
        Array(UnsafeBufferPointer(start: constants.biases, count: outputs)),
        Array(UnsafeBufferPointer(start: constants.scales, count: outputs)),
        Array(UnsafeBufferPointer(start: constants.weights, count: inputs * outputs))
      )
    }
  #endif

  /// Computes one layer: the bytes that the runtime's FullyConnected gives for it.
  /// - Parameters:
  ///   - index: the layer's number.
  ///   - values: the layer's inputs, int8.
  ///   - results: room for its outputs, int8.
  /// - Throws: `inputOutput` when there is no such layer or a size differs.
  public func run(layer index: Int, _ values: Span<Int8>, into results: inout MutableSpan<Int8>) throws(Fault) {
    guard (0..<layerCount).contains(index) else { throw Fault(.inputOutput, index: index) }
    let record = layer(index)
    guard values.count == Int(truncatingIfNeeded: record.inputs),
      results.count == Int(truncatingIfNeeded: record.outputs)
    else { throw Fault(.inputOutput, index: index, detail: Int(truncatingIfNeeded: record.inputs)) }
    let constants = constants(ofLayer: index)
    let (scale, zeroPoint) = inputRule(ofLayer: index)
    values.withUnsafeBufferPointer { values in
      guard let first = values.baseAddress else { return }
      var output = 0
      while output < results.count {
        let weights = constants.weights + output * values.count
        let sum =
          constants.biases[output]
          &+ martlet_head_sum(weights, first, zeroPoint, Int32(truncatingIfNeeded: values.count))
        let real = Float(Int(sum)) * (scale * constants.scales[output] / record.outputScale)
        results[output] = roundedAndClamped(real, zeroPoint: record.outputZeroPoint, low: record.low)
        output += 1
      }
    }
  }

  /// Quantization of a layer's inputs.
  func inputRule(ofLayer index: Int) -> (scale: Float, zeroPoint: Int32) {
    if index == 0 { return (header.featureScale, header.featureZeroPoint) }
    let before = layer(index - 1)
    return (before.outputScale, before.outputZeroPoint)
  }
}

/// The nearest whole number, ties to even, plus the zero point, within low…127.
func roundedAndClamped(_ real: Float, zeroPoint: Int32, low: Int32) -> Int8 {
  let limited = real < -4096 ? -4096 : real > 4096 ? 4096 : real
  return Int8(truncatingIfNeeded: min(127, max(low, wholeNumber(limited) &+ zeroPoint)))
}

/// The nearest whole number, ties to even, of one whose magnitude is below 2²².
func wholeNumber(_ real: Float) -> Int32 { Int32(bitPattern: (real + 12_582_912).bitPattern) &- 0x4B40_0000 }

import CShim

/// The learned head as bytes: weights of int8, and the scale of the scores, from the stored examples.
extension HeadTrainer {
  /// Quantizes the weights and writes a head patch.
  /// - Parameters:
  ///   - backbone: the network whose features were stored.
  ///   - tensor: the tensor of the backbone that they are.
  ///   - isPooled: they are the tensor's mean over its pixels.
  ///   - labels: UTF-8, one line a class, or nothing.
  ///   - memory: at least `shape.patchBytes(labelBytes:)` bytes, 8-byte aligned.
  /// - Returns: the patch's bytes in `memory`.
  /// - Throws: `arenaTooSmall`, `misaligned`, `head` when nothing was learned or stored.
  public mutating func writePatch(
    _ backbone: BackboneIdentity, tensor: Int, isPooled: Bool, labels: RawSpan,
    into memory: UnsafeMutableRawBufferPointer
  ) throws(Fault) -> Int {
    let byteCount = shape.patchBytes(labelBytes: labels.byteCount)
    guard let base = memory.baseAddress, memory.count >= byteCount else {
      throw Fault(.arenaTooSmall, detail: byteCount)
    }
    guard UInt(bitPattern: base) % 8 == 0 else { throw Fault(.misaligned, detail: 0) }
    guard exampleCount > 0 else { throw Fault(.head) }
    var record = HeadLayerRecord(inputs: shape.featureCount, outputs: shape.classCount)
    let constants = base + HeadHeader.byteCount + HeadLayerRecord.byteCount
    fillBytes(constants, record.constantBytes)
    quantize(into: constants)
    (record.outputScale, record.outputZeroPoint) = outputRule(constants)
    (base + HeadHeader.byteCount).storeBytes(of: record, as: HeadLayerRecord.self)
    copy(labels, to: constants + record.constantBytes)

    var header = HeadHeader()
    header.fileBytes = UInt32(truncatingIfNeeded: byteCount)
    header.backbone = backbone
    header.featureTensor = UInt32(truncatingIfNeeded: tensor)
    header.isPooled = isPooled ? 1 : 0
    header.featureCount = UInt32(bitPattern: shape.featureCount)
    header.featureScale = shape.scale
    header.featureZeroPoint = shape.zeroPoint
    header.classCount = UInt32(bitPattern: shape.classCount)
    header.layerCount = 1
    header.labelBytes = UInt32(truncatingIfNeeded: labels.byteCount)
    base.storeBytes(of: header, as: HeadHeader.self)
    HeadHeader.seal(UnsafeMutableRawBufferPointer(start: base, count: byteCount))
    return byteCount
  }

  /// Biases, scales and weights, as a layer's constants are.
  private func quantize(into constants: UnsafeMutableRawPointer) {
    let classes = Int(shape.classCount)
    let features = Int(shape.featureCount)
    let wholeBiases = constants.assumingMemoryBound(to: Int32.self)
    let scales = (constants + 4 * classes).assumingMemoryBound(to: Float.self)
    let wholeWeights = (constants + 8 * classes).assumingMemoryBound(to: Int8.self)
    var label = 0
    while label < classes {
      let row = weights + label * features
      let step = max(largestMagnitude(row, shape.featureCount) / 127, 0x1p-100)
      var shift: Float = 0
      var feature = 0
      while feature < features {
        let whole = wholeNumber(row[feature] / step)
        wholeWeights[label * features + feature] = Int8(truncatingIfNeeded: max(-127, min(127, whole)))
        // The bias sees the weights as they are rounded.
        shift += Float(Int(whole)) * (Float(Int(shape.zeroPoint)) - mean[feature])
        feature += 1
      }
      let limit: Float = 1_000_000_000
      let bias = biases[label] / (unit * step) + shift
      let limited = max(-limit, min(limit, bias))
      wholeBiases[label] = Int32(limited + (limited < 0 ? -0.5 : 0.5))
      scales[label] = max(unit * step / shape.scale, 0x1p-100)
      label += 1
    }
  }

  /// Scale and zero point of the scores that the rounded weights give for the examples, with an eighth of their range more at
  /// each end.
  private func outputRule(_ constants: UnsafeMutableRawPointer) -> (Float, Int32) {
    let classes = Int(shape.classCount)
    let wholeBiases = constants.assumingMemoryBound(to: Int32.self)
    let scales = (constants + 4 * classes).assumingMemoryBound(to: Float.self)
    let wholeWeights = (constants + 8 * classes).assumingMemoryBound(to: Int8.self)
    var (least, largest): (Float, Float) = (0, 0)
    var index: Int32 = 0
    while index < exampleCount {
      var label = 0
      while label < classes {
        let weights = wholeWeights + label * Int(shape.featureCount)
        let sum = martlet_head_sum(weights, example(index), shape.zeroPoint, shape.featureCount)
        let score = Float(Int(wholeBiases[label] &+ sum)) * (shape.scale * scales[label])
        least = min(least, score)
        largest = max(largest, score)
        label += 1
      }
      index += 1
    }
    let margin = (largest - least) / 8
    let scale = max((largest - least + 2 * margin) / 255, 0x1p-20)
    let zeroPoint = max(-128, min(127, -128 &- wholeNumber(max(-300, (least - margin) / scale))))
    return (scale, zeroPoint)
  }

  private func largestMagnitude(_ values: UnsafePointer<Float>, _ count: Int32) -> Float {
    var largest: Float = 0
    var index = 0
    while index < Int(count) {
      largest = max(largest, values[index].magnitude)
      index += 1
    }
    return largest
  }

  private func copy(_ bytes: RawSpan, to place: UnsafeMutableRawPointer) {
    var index = 0
    while index < bytes.byteCount {
      place.storeBytes(of: bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self), toByteOffset: index, as: UInt8.self)
      index += 1
    }
  }
}

func fillBytes(_ place: UnsafeMutableRawPointer, _ count: Int) {
  fill(place.assumingMemoryBound(to: UInt8.self), Int32(truncatingIfNeeded: count), 0)
}

extension HeadHeader {
  /// Enters the checksums of a whole patch, whose header is right but for them.
  /// - Parameter bytes: at least a header's, 8-byte aligned.
  public static func seal(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count >= HeadHeader.byteCount else { return }
    var header = base.load(as: HeadHeader.self)
    header.bodyChecksum = HeadPatch.bodyChecksum(UnsafeRawBufferPointer(bytes))
    header.headerChecksum = HeadPatch.headerChecksum(header)
    base.storeBytes(of: header, as: HeadHeader.self)
  }
}

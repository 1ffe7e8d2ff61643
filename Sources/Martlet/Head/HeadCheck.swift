import CShim

/// The only door to a head patch: proves that it can be computed, whatever bytes it is made of, in time linear in them.
extension HeadPatch {
  /// Verifies a whole head patch. `bytes` must be 8-byte aligned and outlive the result.
  /// - Throws: `truncated`, `notAModel`, `unsupportedVersion`, `checksum`, or `head` with the layer whose sizes, scales or
  ///   biases are impossible (none: the header's or the labels).
  public static func verify(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> HeadPatch {
    let (header, start) = try verifyHeader(bytes)
    guard header.layerCount == 1 || header.layerCount == 2, isRule(header.featureScale, header.featureZeroPoint),
      header.isPooled <= 1
    else { throw Fault(.head) }
    var index = 0
    while index < 14 {
      if header.reserved[index] != 0 { throw Fault(.unsupportedVersion, detail: 1) }
      index += 1
    }
    let layers = Int(truncatingIfNeeded: header.layerCount)
    var end = Wide.of(HeadHeader.byteCount + layers * HeadLayerRecord.byteCount)
    guard end <= Wide.of(bytes.count) else { throw Fault(.truncated) }
    var inputs = header.featureCount
    index = 0
    while index < layers {
      let record = (start + HeadHeader.byteCount + index * HeadLayerRecord.byteCount).load(as: HeadLayerRecord.self)
      try verifyRecord(record, inputs: inputs, index)
      end += Wide.of(record.constantBytes)
      guard end <= Wide.of(bytes.count) else { throw Fault(.head, index: index) }
      inputs = record.outputs
      index += 1
    }
    guard inputs == header.classCount, header.classCount >= 2,
      end + Wide.of(header.labelBytes) == Wide.of(bytes.count)
    else { throw Fault(.head) }
    let patch = HeadPatch(verified: bytes, start)
    index = 0
    while index < layers {
      try patch.verifyConstants(ofLayer: index)
      index += 1
    }
    guard patch.labels.isWellFormed,
      header.labelBytes == 0 || patch.labels.lineCount == Int(truncatingIfNeeded: header.classCount)
    else { throw Fault(.head) }
    return patch
  }

  /// - Returns: the header, and where the bytes begin.
  private static func verifyHeader(
    _ bytes: UnsafeRawBufferPointer
  ) throws(Fault) -> (header: HeadHeader, start: UnsafeRawPointer) {
    guard let start = bytes.baseAddress, bytes.count >= 8 else {
      throw Fault(.truncated, detail: HeadHeader.byteCount)
    }
    guard start.loadUnaligned(as: UInt64.self) == HeadHeader.magic else { throw Fault(.notAModel) }
    guard bytes.count >= HeadHeader.byteCount else { throw Fault(.truncated, detail: HeadHeader.byteCount) }
    guard UInt(bitPattern: start) % 8 == 0 else { throw Fault(.misaligned, detail: 1) }
    let header = start.load(as: HeadHeader.self)
    guard header.formatVersion == HeadHeader.version else {
      throw Fault(.unsupportedVersion, detail: Int(truncatingIfNeeded: header.formatVersion))
    }
    guard headerChecksum(header) == header.headerChecksum else { throw Fault(.checksum, detail: 0) }
    guard Wide.of(header.fileBytes) == Wide.of(bytes.count) else {
      throw Fault(.truncated, detail: Int(truncatingIfNeeded: header.fileBytes))
    }
    guard bodyChecksum(bytes) == header.bodyChecksum else { throw Fault(.checksum, detail: 1) }
    return (header, start)
  }

  static func headerChecksum(_ header: HeadHeader) -> UInt32 {
    var plain = header
    plain.headerChecksum = 0
    return withUnsafeBytes(of: &plain) { bytes in
      martlet_checksum(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    }
  }

  static func bodyChecksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    let body = bytes.baseAddress.unsafelyUnwrapped + HeadHeader.byteCount
    return martlet_checksum(body.assumingMemoryBound(to: UInt8.self), bytes.count - HeadHeader.byteCount)
  }

  private static func isRule(_ scale: Float, _ zeroPoint: Int32) -> Bool {
    scale.isPositiveAndFinite && (-128...127).contains(zeroPoint)
  }

  private static func verifyRecord(_ record: HeadLayerRecord, inputs: UInt32, _ index: Int) throws(Fault) {
    guard record.inputs == inputs, (1...HeadLimits.inputs).contains(Int(truncatingIfNeeded: record.inputs)),
      (1...HeadLimits.outputs).contains(Int(truncatingIfNeeded: record.outputs)),
      isRule(record.outputScale, record.outputZeroPoint), (-128...127).contains(record.low),
      record.reserved[0] | record.reserved[1] | record.reserved[2] == 0
    else { throw Fault(.head, index: index) }
  }

  /// No sum overflows, whether the zero point's share is in the bias already or not.
  private func verifyConstants(ofLayer index: Int) throws(Fault) {
    let record = layer(index)
    let constants = constants(ofLayer: index)
    let range = Wide.product(Int32(bitPattern: record.inputs), 2 * 255 * 128)
    var output = 0
    while output < Int(truncatingIfNeeded: record.outputs) {
      let factor = inputRule(ofLayer: index).scale * constants.scales[output] / record.outputScale
      guard constants.scales[output].isPositiveAndFinite,
        martlet_accumulator_fits(constants.biases[output], range, factor, 0) == 1
      else { throw Fault(.head, index: index, detail: output) }
      output += 1
    }
  }
}

/// Bounds of head patches.
public enum HeadLimits {
  /// Features, or hidden units: a sum of so many products fits 32 bits with room for a bias.
  public static var inputs: Int { 16384 }
  /// Classes, or hidden units.
  public static var outputs: Int { 4096 }
}

/// Tensor records: shape, pitches, place in the arena, quantization.
enum TensorCheck {
  static func verify(_ view: borrowing ModelView) throws(Fault) {
    let arenaBytes = Wide.of(view.arenaBytes)
    for index in 0..<view.tensorCount {
      let tensor = view.tensors + index
      guard isPossible(tensor), tensor.pointee.rowsHeld == tensor.pointee.height || view.hasSchedule,
        Wide.of(tensor.pointee.arenaOffset) + tensor.pointee.spanBytes + Wide.of(Limits.slackBytes) <= arenaBytes
      else { throw Fault(.tensor, index: index) }
      guard tensor.pointee.scale.isPositiveAndFinite, hasPossibleZeroPoint(tensor) else {
        throw Fault(.quantization, index: index)
      }
    }
  }

  /// A value of the element type; of int32 0. (Most operators ask for 0 of int16, too.)
  private static func hasPossibleZeroPoint(_ tensor: UnsafePointer<TensorRecord>) -> Bool {
    let zeroPoint = tensor.pointee.zeroPoint
    let unusedBits = 32 &- 8 &* tensor.pointee.elementBytes
    return unusedBits == 0 ? zeroPoint == 0 : (zeroPoint &<< unusedBits) &>> unusedBits == zeroPoint
  }

  /// Dimensions in their limits, a known element type that every value is aligned for, pixels and rows that do not
  /// overlap, all rows or a ring of fewer, and nothing in what later versions may use.
  private static func isPossible(_ tensor: UnsafePointer<TensorRecord>) -> Bool {
    let dimensions = 1...Int32(truncatingIfNeeded: Limits.dimension)
    guard dimensions.contains(tensor.pointee.height), dimensions.contains(tensor.pointee.width),
      dimensions.contains(tensor.pointee.channels)
    else { return false }
    guard let element = tensor.pointee.element else { return false }
    let misaligned = tensor.pointee.arenaOffset | tensor.pointee.pixelPitchBytes | tensor.pointee.rowPitchBytes
    guard misaligned % UInt32(bitPattern: element.byteCount) == 0 else { return false }
    let pixelBytes = UInt32(bitPattern: tensor.pointee.pixelBytes)
    let rowBytes =
      Wide.product(tensor.pointee.width - 1, Int32(bitPattern: tensor.pointee.pixelPitchBytes)) + Wide.of(pixelBytes)
    let limit = UInt32(truncatingIfNeeded: Limits.arenaBytes)
    return (1...tensor.pointee.height).contains(tensor.pointee.rowsHeld)
      && tensor.pointee.pixelPitchBytes <= limit && tensor.pointee.rowPitchBytes <= limit
      && tensor.pointee.pixelPitchBytes >= pixelBytes && Wide.of(tensor.pointee.rowPitchBytes) >= rowBytes
      && tensor.pointee.flags <= TensorRecord.stateFlag && (!tensor.pointee.isState || tensor.pointee.isPacked)
      && tensor.pointee.reserved[0] | tensor.pointee.reserved[1] | tensor.pointee.reserved[2] == 0
  }
}

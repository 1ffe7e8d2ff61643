/// Tensor records: shape, pitches, place in the arena, quantization.
enum TensorCheck {
  static func verify(_ view: borrowing ModelView) throws(Fault) {
    let arenaBytes = Wide.of(view.arenaBytes)
    for index in 0..<view.tensorCount {
      let tensor = view.tensors[index]
      guard isPossible(tensor), tensor.rowsHeld == tensor.height || view.hasSchedule,
        Wide.of(tensor.arenaOffset) + tensor.spanBytes + Wide.of(Limits.slackBytes) <= arenaBytes
      else { throw Fault(.tensor, index: index) }
      guard tensor.scale.isPositiveAndFinite, hasPossibleZeroPoint(tensor) else {
        throw Fault(.quantization, index: index)
      }
    }
  }

  /// A value of the element type; of int32 0. (Most operators ask for 0 of int16, too.)
  private static func hasPossibleZeroPoint(_ tensor: TensorRecord) -> Bool {
    let bound: Int32 = tensor.element == .int32 ? 0 : 1 &<< (8 &* tensor.elementBytes &- 1)
    return tensor.zeroPoint >= -bound && tensor.zeroPoint < max(bound, 1)
  }

  /// Dimensions in their limits, a known element type that every value is aligned for, pixels and rows that do not
  /// overlap, all rows or a ring of fewer, and nothing in what later versions may use.
  private static func isPossible(_ tensor: TensorRecord) -> Bool {
    let dimensions = 1...Int32(truncatingIfNeeded: Limits.dimension)
    guard dimensions.contains(tensor.height), dimensions.contains(tensor.width), dimensions.contains(tensor.channels)
    else { return false }
    guard let element = tensor.element else { return false }
    let misaligned = tensor.arenaOffset | tensor.pixelPitchBytes | tensor.rowPitchBytes
    guard misaligned % UInt32(bitPattern: element.byteCount) == 0 else { return false }
    let pixelBytes = UInt32(bitPattern: tensor.pixelBytes)
    let rowBytes = Wide.of(tensor.width - 1) * Wide.of(tensor.pixelPitchBytes) + Wide.of(pixelBytes)
    let limit = UInt32(truncatingIfNeeded: Limits.arenaBytes)
    return (1...tensor.height).contains(tensor.rowsHeld)
      && tensor.pixelPitchBytes <= limit && tensor.rowPitchBytes <= limit
      && tensor.pixelPitchBytes >= pixelBytes && Wide.of(tensor.rowPitchBytes) >= rowBytes
      && tensor.flags <= TensorRecord.stateFlag && (!tensor.isState || tensor.isPacked)
      && tensor.reserved[0] | tensor.reserved[1] | tensor.reserved[2] == 0
  }
}

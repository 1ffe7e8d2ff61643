/// How a graph's tensor appears at run time: H×W×C, batch 1.
///
/// [1,C] is 1×1×C, [1,W,C] is 1×W×C, [1,H,W,C] is H×W×C; of more axes, all but the last two merge into H.
public struct RuntimeShape: Hashable, Sendable {
  /// Rows.
  public var height: Int
  /// Pixels a row.
  public var width: Int
  /// Channels a pixel.
  public var channels: Int

  /// The runtime's shape of a tensor of `shape`, batch first.
  /// - Throws: `GraphError` when the batch is not 1.
  public init(_ shape: [Int], _ what: String = "a tensor") throws(GraphError) {
    guard shape.count < 2 || shape[0] == 1 else {
      throw GraphError(
        "\(what) has shape \(shape), but the packed network computes one image at a time: its first axis must be 1; "
          + "convert the network with batch 1, or keep the batch axis in front")
    }
    let inner = shape.dropFirst(shape.count < 2 ? 0 : 1)
    channels = inner.last ?? 1
    width = inner.dropLast().last ?? 1
    height = inner.dropLast(2).reduce(1, *)
  }

  /// Height, width, channels.
  public var sizes: [Int] { [height, width, channels] }

  /// The runtime's axis (0 H, 1 W, 2 C) of an axis of a graph's tensor of `rank` axes; nil for the batch and for
  /// axes that merge with others.
  public static func axis(_ axis: Int, rank: Int) -> Int? {
    guard axis > 0 || rank == 1 else { return nil }
    let fromEnd = rank - 1 - axis
    return fromEnd < 2 || (fromEnd == 2 && rank <= 4) ? 2 - fromEnd : nil
  }
}

/// Moves channels to pixels: each pixel becomes a block of pixels.
///
/// Input [N,H,W,B·C] with B = block height · block width, output [N, H·block height, W·block width, C].
public struct DepthToSpace: Operator {
  /// "DepthToSpace".
  public static var kind: String { "DepthToSpace" }

  /// Where place p (row by row) of a block finds its channel c.
  public enum Order: Hashable, Sendable {
    /// Channel p · C + c: a place's channels are adjacent (ONNX's DCR).
    case placesFirst
    /// Channel c · B + p: a channel's places are adjacent (ONNX's CRD, PyTorch's pixel shuffle).
    case channelsFirst
  }

  /// Pixels that one pixel becomes.
  public var block: Size2D
  /// How the input's channels lie.
  public var order: Order

  /// Makes a block of pixels of each pixel.
  public init(block: Size2D, order: Order = .placesFirst) {
    self.block = block
    self.order = order
  }

  /// The bytes pass through.
  public var outputQuantization: OutputQuantization { .sameAsInput }

  /// [N, H·block height, W·block width, C].
  /// - Throws: `GraphError` when the channels do not fill the blocks.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x")
    let shape = inputs[0]
    try expectImage(shape)
    try expect(block.height, in: 1...largestAttribute, "the block's height")
    try expect(block.width, in: 1...largestAttribute, "the block's width")
    guard shape[3] % (block.height * block.width) == 0 else {
      throw GraphError("\(shape[3]) channels do not fill blocks of \(block.height)×\(block.width) pixels")
    }
    let places = block.height * block.width
    return [[shape[0], shape[1] * block.height, shape[2] * block.width, shape[3] / places]]
  }

  /// The rearranged tensor.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let shape = inputs[0].shape
    let places = block.height * block.width
    let channels = shape[3] / places
    let (pixel, row) = (shape[3], shape[2] * shape[3])
    let (place, channel) = order == .placesFirst ? (channels, 1) : (1, places)
    var result = gather(
      inputs[0], shape: [shape[0], shape[1], block.height, shape[2], block.width, channels], first: 0,
      strides: [shape[1] * row, row, block.width * place, pixel, place, channel], on: workers)
    result.shape = [shape[0], shape[1] * block.height, shape[2] * block.width, channels]
    return [result]
  }

  /// A record of the runtime's DepthToSpace.
  /// - Throws: `GraphError` when input and output are quantized differently.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    try node.expectSameQuantization()
    _ = try node.runtimeShape(0)
    return .step(
      LoweredOperator(
        code: 17, operands: [0],
        parameters: try parameters(block.height, block.width, order == .placesFirst ? 0 : 1, of: node.name)))
  }
}

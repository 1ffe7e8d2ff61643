/// Moves pixels to channels: each block of pixels becomes one pixel, its places row by row, each with its channels.
///
/// Input [N,H,W,C], output [N, H/block height, W/block width, block height · block width · C].
public struct SpaceToDepth: Operator {
  /// "SpaceToDepth".
  public static var kind: String { "SpaceToDepth" }
  /// Pixels that become one.
  public var block: Size2D

  /// Makes one pixel of each block of pixels.
  public init(block: Size2D) { self.block = block }

  /// The bytes pass through.
  public var outputQuantization: OutputQuantization { .sameAsInput }

  /// [N, H/block height, W/block width, block height · block width · C].
  /// - Throws: `GraphError` when the blocks do not fill the image.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x")
    let shape = inputs[0]
    try expectImage(shape)
    try expect(block.height, in: 1...largestAttribute, "the block's height")
    try expect(block.width, in: 1...largestAttribute, "the block's width")
    guard shape[1] % block.height == 0, shape[2] % block.width == 0 else {
      throw GraphError("blocks of \(block.height)×\(block.width) pixels do not fill an image of shape \(shape)")
    }
    return [[shape[0], shape[1] / block.height, shape[2] / block.width, block.height * block.width * shape[3]]]
  }

  /// The rearranged tensor.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let shape = inputs[0].shape
    let (pixel, row) = (shape[3], shape[2] * shape[3])
    let (height, width) = (shape[1] / block.height, shape[2] / block.width)
    var result = gather(
      inputs[0], shape: [shape[0], height, width, block.height, block.width, shape[3]], first: 0,
      strides: [shape[1] * row, block.height * row, block.width * pixel, row, pixel, 1], on: workers)
    result.shape = [shape[0], height, width, block.height * block.width * shape[3]]
    return [result]
  }

  /// A record of the runtime's SpaceToDepth.
  /// - Throws: `GraphError` when input and output are quantized differently.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    try node.expectSameQuantization()
    _ = try node.runtimeShape(0)
    return .step(
      LoweredOperator(
        code: 18, operands: [0], parameters: try parameters(block.height, block.width, of: node.name)))
  }
}

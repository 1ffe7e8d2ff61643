/// Enlarges or shrinks an image [N,H,W,C] by taking the nearest pixel, or by mixing the four around (bilinear), without
/// smoothing before.
public struct Resize: Operator {
  /// "Resize".
  public static var kind: String { "Resize" }

  /// Rows and columns of the result.
  public var size: Size2D
  /// What happens along the height.
  public var rows: ResizeAxis
  /// What happens along the width.
  public var columns: ResizeAxis
  /// How pixels are chosen.
  public var sampling: ResizeAxis.Sampling

  /// Resizes to `size`.
  public init(size: Size2D, rows: ResizeAxis, columns: ResizeAxis, sampling: ResizeAxis.Sampling) {
    self.size = size
    self.rows = rows
    self.columns = columns
    self.sampling = sampling
  }

  /// The bytes of the nearest pixel, or a mean.
  public var outputQuantization: OutputQuantization { .sameAsInput }

  /// [N, size, C].
  /// - Throws: `GraphError` when a size or a scale is none.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x")
    try expectImage(inputs[0])
    try expect(size.height, in: 1...largestAttribute, "the height")
    try expect(size.width, in: 1...largestAttribute, "the width")
    guard rows.scale > 0, rows.scale.isFinite, columns.scale > 0, columns.scale.isFinite else {
      throw GraphError("the scales \(rows.scale) and \(columns.scale) are not both positive")
    }
    return [[inputs[0][0], size.height, size.width, inputs[0][3]]]
  }

  /// The resized image.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let shape = inputs[0].shape
    let rowTaps = rows.taps(input: shape[1], output: size.height, sampling)
    let columnTaps = columns.taps(input: shape[2], output: size.width, sampling)
    let (channels, height, size) = (shape[3], shape[1], size)
    let (line, outputLine) = (shape[2] * shape[3], size.width * shape[3])
    let result = workers.tensor([shape[0], size.height, size.width, channels]) { result in
      inputs[0].withPointer { x in
        nonisolated(unsafe) let (result, x) = (result, x)
        workers.split(shape[0] * size.height, minimum: max(1, smallestElementwisePart / outputLine)) { lines in
          for index in lines {
            let row = rowTaps[index % size.height]
            let image = x + index / size.height * height * line
            let (upper, lower) = (image + row.first * line, image + row.second * line)
            for (place, column) in columnTaps.enumerated() {
              let (left, right) = (column.first * channels, column.second * channels)
              let into = result + index * outputLine + place * channels
              for channel in 0..<channels {
                let top = upper[left + channel] * (1 - column.weight) + upper[right + channel] * column.weight
                let bottom = lower[left + channel] * (1 - column.weight) + lower[right + channel] * column.weight
                into[channel] = top * (1 - row.weight) + bottom * row.weight
              }
            }
          }
        }
      }
    }
    return [result]
  }

  /// A record of the runtime's Resize: the indices of every row and column as a table.
  /// - Throws: `GraphError` when input and output are quantized differently.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    try node.expectSameQuantization()
    let input = try node.runtimeShape(0)
    let taps =
      rows.taps(input: input.height, output: size.height, sampling)
      + columns.taps(input: input.width, output: size.width, sampling)
    var record = LoweredOperator(code: 19, operands: [0], parameters: [sampling == .linear ? 1 : 0])
    for tap in taps {
      var numbers = [Int32(tap.first)]
      if sampling == .linear {
        numbers += [Int32(tap.second), Int32((tap.weight * 2048).rounded(.toNearestOrEven))]
      }
      record.table += numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
    }
    return .step(record)
  }
}

/// Enlarges or shrinks an image [N,H,W,C] by taking the nearest pixel, or by mixing the four (bilinear) or sixteen (bicubic)
/// around, without smoothing before.
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
    if case .cubic(let slope, _) = sampling, !(slope > -1.99 && slope <= 1) {
      throw GraphError("the cubic's slope is \(slope), outside −1.99…1; −0.75 and −0.5 are usual")
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
          var mixed = [Float](repeating: 0, count: line)
          for index in lines {
            let image = x + index / size.height * height * line
            for (position, tap) in rowTaps[index % size.height].enumerated() {
              let row = image + tap.index * line
              for place in 0..<line { mixed[place] = (position == 0 ? 0 : mixed[place]) + row[place] * tap.weight }
            }
            for (column, taps) in columnTaps.enumerated() {
              let into = result + index * outputLine + column * channels
              into.update(repeating: 0, count: channels)
              for tap in taps {
                for channel in 0..<channels { into[channel] += mixed[tap.index * channels + channel] * tap.weight }
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
    let kind: Int32 =
      switch sampling {
      case .linear: 1
      case .cubic: 2
      default: 0
      }
    var record = LoweredOperator(code: 19, operands: [0], parameters: [kind])
    for tap in taps {
      var numbers = tap.map { Int32($0.index) }
      if kind == 1 { numbers.append(Int32((tap[1].weight * 2048).rounded(.toNearestOrEven))) }
      if kind == 2 { numbers += try wholeWeights(tap.map(\.weight), node.name) }
      record.table += numbers.flatMap { littleEndian($0) }
    }
    return .step(record)
  }

  /// Weights in units of 1/2048 that add up to 2048; what rounding leaves goes to the largest.
  /// - Throws: `GraphError` when they are so large that sums of 32 bits cannot hold them.
  private func wholeWeights(_ weights: [Float], _ name: String) throws(GraphError) -> [Int32] {
    var numbers: [Int32] = []
    for weight in weights {
      guard abs(weight) < 4 else { throw tooLarge(weights, name) }
      numbers.append(Int32((weight * 2048).rounded(.toNearestOrEven)))
    }
    let largest = numbers.indices.max { numbers[$0] < numbers[$1] } ?? 0
    numbers[largest] += 2048 - numbers.reduce(0, +)
    guard numbers.reduce(0, { $0 + abs($1) }) <= 4092 else { throw tooLarge(weights, name) }
    return numbers
  }

  private func tooLarge(_ weights: [Float], _ name: String) -> GraphError {
    GraphError("\(name): the weights \(weights) of a pixel are too large for int8; use another slope or resizing")
  }
}

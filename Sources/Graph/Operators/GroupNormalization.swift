import CShim

/// Normalizes groups of adjacent channels by their own mean and variance: (x − mean) / √(variance + epsilon), then times a
/// scale and plus a shift for each channel.
///
/// Inputs: x, scale [C], shift [C]. A group a channel over the image is instance normalization (Ulyanov et al. 2016), one
/// group of each pixel is layer normalization (Ba et al. 2016); groups between are Wu and He's (2018).
public struct GroupNormalization: Operator {
  /// "GroupNormalization".
  public static var kind: String { "GroupNormalization" }

  /// What a group's statistics are taken over, besides its channels.
  public enum Extent: Hashable, Sendable {
    /// Everything between the first axis and the last.
    case image
    /// Nothing: the last axis alone.
    case pixel
  }

  /// How many groups the channels are divided into.
  public var groups: Int
  /// What else belongs to a group.
  public var extent: Extent
  /// What is added to the variance.
  public var epsilon: Float

  /// A normalization of these groups.
  public init(groups: Int, extent: Extent, epsilon: Float) {
    self.groups = groups
    self.extent = extent
    self.epsilon = epsilon
  }

  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// The input's shape.
  /// - Throws: `GraphError` when the groups do not divide the channels, or constants have another size.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x", "scale", "shift")
    guard let channels = inputs[0].last, inputs[0].count > 1 else {
      throw GraphError("an input of shape \(inputs[0]) has no channels; give it a batch axis")
    }
    try expectShape(inputs[1], [channels], "the scale")
    try expectShape(inputs[2], [channels], "the shift")
    guard groups > 0, channels % groups == 0 else {
      throw GraphError("\(channels) channels cannot be divided into \(groups) groups")
    }
    guard epsilon > 0, epsilon.isFinite else { throw GraphError("epsilon is \(epsilon), not a positive number") }
    return [inputs[0]]
  }

  /// The normalized values.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let x = inputs[0]
    let channels = inputs[1].count
    let pixels = extent == .pixel ? 1 : x.shape[1...].dropLast().reduce(1, *)
    let (scale, shift, size, epsilon) = (inputs[1].values, inputs[2].values, channels / groups, Double(epsilon))
    let result = workers.tensor(x.shape) { result in
      x.withPointer { x in
        nonisolated(unsafe) let (result, x) = (result, x)
        workers.split(inputs[0].count / (pixels * size), minimum: 1) { parts in
          for part in parts {
            let (image, group) = part.quotientAndRemainder(dividingBy: channels / size)
            let first = image * pixels * channels + group * size
            var (sum, squares) = (0.0, 0.0)
            forEach(pixels, size, from: first, step: channels) { place, _ in sum += Double(x[place]) }
            let mean = sum / Double(pixels * size)
            forEach(pixels, size, from: first, step: channels) { place, _ in
              squares += (Double(x[place]) - mean) * (Double(x[place]) - mean)
            }
            let factor = 1 / (squares / Double(pixels * size) + epsilon).squareRoot()
            forEach(pixels, size, from: first, step: channels) { place, index in
              let channel = group * size + index
              result[place] = Float(
                (Double(x[place]) - mean) * factor * Double(scale[channel]) + Double(shift[channel]))
            }
          }
        }
      }
    }
    return [result]
  }

  /// A record of the runtime's GroupNormalization with a factor and an addend for each channel.
  /// - Throws: `GraphError` when a group is too large, a constant is not one, or a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    let shape = try node.runtimeShape(0)
    let pixels = extent == .pixel ? 1 : shape.height * shape.width
    guard pixels * (shape.channels / groups) <= 1 << 24 else {
      throw GraphError("\(node.name): more than \(1 << 24) values in a group have no int8 form; use smaller groups")
    }
    let (input, output) = (Double(try node.activation(0).scale), Double(try node.outputRule().scale))
    let (low, high) = try node.clampBounds()
    // Float32 has no smaller normal number; a larger epsilon makes all of the output its shift.
    let added = max(Double(Float.leastNormalMagnitude), min(1e30, Double(epsilon) / (input * input)))
    var record = LoweredOperator(
      code: 25, operands: [0],
      parameters: try parameters(groups, extent == .pixel ? 1 : 0, of: node.name) + [
        low, high, parameter(Float(added)),
      ])
    for (index, what) in [(1, "scale"), (2, "shift")] {
      for value in try node.constant(index, what).values {
        let exact = Double(value) / output
        let usable = exact.isNaN ? 0 : max(-1_048_576, min(1_048_576, exact))
        if usable != exact { record.notes.append("\(node.name): its \(what) \(value) was limited") }
        record.table += littleEndian(Float(usable).bitPattern)
      }
    }
    return .step(record)
  }
}

/// Places of the values of a group, and their channels in it.
private func forEach(_ pixels: Int, _ size: Int, from first: Int, step: Int, _ body: (Int, Int) -> Void) {
  for pixel in 0..<pixels {
    for index in 0..<size { body(first + pixel * step + index, index) }
  }
}

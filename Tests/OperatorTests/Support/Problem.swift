import Graph

/// A random network, usually of one operator, and how exact its int8 form must be.
///
/// Weights are multiples of a power of two, so that quantizing them loses nothing: what differs from the float
/// definition is then the rounding of the output alone.
struct Problem {
  /// The network.
  var graph: Graph
  /// The most that an output may differ from the float definition of the quantized inputs, in steps of the output.
  var toleranceInSteps: Float
  private var random: Generator
  private let inputScale: Float

  /// A problem whose numbers follow from `seed`; `build` adds the layers and returns the outputs.
  init(
    _ seed: UInt64, toleranceInSteps: Float = 0.51, build: (inout Problem) throws -> [ValueID]
  ) throws {
    graph = Graph(name: "problem \(seed)")
    random = Generator(seed)
    inputScale = [0.02, 1, 30][Int(seed % 3)]
    self.toleranceInSteps = toleranceInSteps
    graph.outputs = try build(&self)
  }

  /// A number of `range`.
  mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  /// One of these.
  mutating func pick<Element>(_ choices: [Element]) -> Element { choices.randomElement(using: &random)! }

  /// A network input.
  mutating func input(_ shape: [Int]) -> ValueID { graph.addInput("input \(graph.inputs.count)", shape: shape) }

  /// A random image with few or many channels.
  mutating func image(_ height: ClosedRange<Int> = 1...9, channels: Int? = nil) -> ValueID {
    input([1, pick(height), pick(height), channels ?? pick([1, 3, 4, 5, 16, 17, 32, 40])])
  }

  /// Two images of one shape, or one of which is repeated over pixels or channels, or twice the same.
  mutating func operands() -> (ValueID, ValueID) {
    let x = image()
    let shape = graph[x].shape
    let other = pick([shape, shape, [1, 1, 1, shape[3]], [1, shape[1], shape[2], 1]])
    let y = pick(0...9) == 0 ? x : input(other)
    return pick([true, false]) ? (x, y) : (y, x)
  }

  /// Channels of an activation.
  func channels(_ id: ValueID) -> Int { graph[id].shape.last! }

  /// Weights q · 2⁻ⁿ with q in −127…127 (or −`largest`…`largest`) and 127 among each output channel's, which is the first
  /// or the last axis.
  mutating func weights(_ shape: [Int], channelsLast: Bool = false, largest most: Int = 127) -> ValueID {
    let channels = channelsLast ? shape.last! : shape[0]
    let taps = shape.reduce(1, *) / channels
    var values = [Float](repeating: 0, count: channels * taps)
    for channel in 0..<channels {
      let scale: Float = pick([0.0078125, 0.00390625, 0.001953125])
      let largest = pick(0...(taps - 1))
      for tap in 0..<taps {
        let quantized = tap == largest ? most : pick(-most...most)
        values[channelsLast ? tap * channels + channel : channel * taps + tap] = Float(quantized) * scale
      }
    }
    return graph.addConstant("weights", Tensor(shape: shape, values: values))
  }

  /// One value a channel, of the size of an input.
  mutating func bias(_ count: Int) -> ValueID {
    let values = (0..<count).map { _ in Float.random(in: -1...1, using: &random) * inputScale }
    return graph.addConstant("bias", Tensor(shape: [count], values: values))
  }

  /// A layer.
  mutating func apply(_ operation: any Operator, _ inputs: ValueID...) throws -> ValueID {
    try graph.append(operation, inputs, name: "\(operation.kind) \(graph.nodes.count)")[0]
  }

  /// A layer, and sometimes a ReLU or another clamp of its result.
  mutating func applyWithClamp(_ operation: any Operator, _ inputs: ValueID...) throws -> [ValueID] {
    let output = try graph.append(operation, inputs, name: "\(operation.kind) \(graph.nodes.count)")[0]
    switch pick(0...2) {
    case 0: return [output]
    case 1: return [try apply(Activation(.relu), output)]
    default: return [try apply(Activation(.clip(low: -0.5 * inputScale, high: inputScale)), output)]
    }
  }

  /// Padding smaller than the window, different on each side.
  mutating func padding(lessThan window: Size2D) -> Padding2D {
    Padding2D(
      top: pick(0...(window.height - 1)), left: pick(0...(window.width - 1)), bottom: pick(0...(window.height - 1)),
      right: pick(0...(window.width - 1)))
  }

  /// Random values for each input, of one of several distributions.
  mutating func inputs() -> [Tensor] {
    graph.inputs.map { id in
      let count = graph[id].shape.reduce(1, *)
      let offset = inputScale * pick([0, 0, 0.5, -0.5])
      let values = (0..<count).map { _ in Float.random(in: -1...1, using: &random) * inputScale + offset }
      return Tensor(shape: graph[id].shape, values: values)
    }
  }
}

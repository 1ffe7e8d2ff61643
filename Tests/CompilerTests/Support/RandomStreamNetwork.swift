import Graph

/// A small random network of what row streaming must handle: chains, residual branches, concatenations, tensors with
/// several readers and outputs; strides, dilation, padding, windows that leave rows out.
struct RandomStreamNetwork {
  var network: TestNetwork

  init(_ seed: UInt64) throws {
    network = TestNetwork(seed)
    let height = pick(5...18)
    var values = [network.input([1, height, pick(4...12), pick([1, 3, 4, 8, 17])])]
    for _ in 0..<pick(2...9) {
      if let next = try layer(on: values[pick(max(0, values.count - 3)...values.count - 1)], values) {
        values.append(next)
      }
    }
    var outputs = [values.last!]
    if pick(0...3) == 0 { outputs.append(values[pick(0...values.count - 1)]) }
    if pick(0...2) == 0 {
      let shape = network.graph[values.last!].shape
      let pooled = try network.apply(AveragePool2D(window: Size2D(shape[1], shape[2])), values.last!)
      let flat = try network.apply(Reshape(shape: [1, shape[3]]), pooled)
      outputs[0] = try network.fullyConnected(flat, to: pick(1...20))
    }
    network.graph.outputs = Array(Set(outputs)).filter { !network.graph.inputs.contains($0) }
    if network.graph.outputs.isEmpty { network.graph.outputs = [try network.apply(Activation(.relu), values[0])] }
  }

  mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &network.random) }

  mutating func pick<Element>(_ choices: [Element]) -> Element { choices.randomElement(using: &network.random)! }

  private mutating func layer(on x: ValueID, _ values: [ValueID]) throws -> ValueID? {
    let shape = network.graph[x].shape
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    switch pick(0...11) {
    case 0, 1: return try network.conv(x, to: pick([3, 8, 16, 20]), kernel: 1, padding: 0)
    case 2: return try convolution(x, kernel: pick([2, 3, 5]), dilation: 1)
    case 3: return try convolution(x, kernel: 3, dilation: 2)
    case 4: return try network.depthwise(x, stride: pick(1...2))
    case 5: return try network.apply(Activation(.relu), x)
    case 6:
      let twins = values.filter { $0 != x && network.graph[$0].shape == shape }
      guard !twins.isEmpty else { return try network.apply(Activation(.swish), x) }
      return try network.apply(Add(), x, pick(twins))
    case 7:
      let branch = try network.conv(x, to: channels, kernel: height < 3 || width < 3 ? 1 : pick([1, 3]), padding: 0)
      guard network.graph[branch].shape == shape else { return branch }
      return try network.apply(Add(), branch, x)
    case 8:
      let left = try network.apply(Activation(.relu), try network.conv(x, to: 8, kernel: 1, padding: 0))
      let right = try network.apply(Activation(.relu), try network.conv(x, to: 4))
      return try network.apply(Concat(axis: 3), left, right)
    case 9:
      guard height >= 3, width >= 3 else { return nil }
      return try network.apply(MaxPool2D(window: Size2D(3, 3), stride: Size2D(pick(1...3), 2)), x)
    case 10:
      guard height >= 4 else { return nil }
      let begin = pick(0...1)
      return try network.apply(
        Slice(begin: [0, begin, 0, 0], size: [1, height - 2, width, channels], step: [1, 1, 1, 1]), x)
    default:
      return try network.apply(Pad(before: [0, pick(0...2), 0, 0], after: [0, pick(0...2), 1, 0], value: 0), x)
    }
  }

  private mutating func convolution(_ x: ValueID, kernel: Int, dilation: Int) throws -> ValueID? {
    let shape = network.graph[x].shape
    let channels = pick([4, 16, 19])
    let pad = pick(0...kernel / 2)
    let extent = (kernel - 1) * dilation + 1
    guard shape[1] + 2 * pad >= extent, shape[2] + 2 * pad >= extent else { return nil }
    let weights = network.constant([channels, kernel, kernel, shape[3]], scale: 0.2)
    return try network.apply(
      Conv2D(
        stride: Size2D(pick(1...2), 1), dilation: Size2D(dilation, dilation),
        padding: Padding2D(top: pad, left: pad, bottom: pad, right: pad)),
      x, weights, network.constant([channels], scale: 0.1))
  }
}

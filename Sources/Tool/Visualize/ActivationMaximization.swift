import Datasets
import Graph

/// An input that excites one unit of a network: found by going up its gradient from noise, with what is small and what is
/// rough taken away on the way (Yosinski et al., Understanding Neural Networks Through Deep Visualization, 2015).
struct ActivationMaximization {
  /// What the unit is excited by, in the units of the network's input.
  private(set) var input: Tensor
  /// The unit's mean over all places, before and after.
  let first: Float
  private(set) var last: Float

  /// - Parameters:
  ///   - layer: whose channel `unit` is looked at.
  ///   - limits: what each channel of the input may hold.
  ///   - steps: how often the input is changed.
  /// - Throws: a sentence when there is no such unit, or a layer before it has no gradient.
  init(
    _ graph: Graph, layer: String, unit: Int, limits: [ClosedRange<Float>], steps: Int, seed: UInt64,
    progress: (Int) -> Void = { _ in }
  ) throws {
    guard graph.inputs.count == 1, graph[graph.inputs[0]].shape.count == 4 else {
      throw ToolError("\(graph.name) takes no picture; units are excited by pictures.")
    }
    let node = try graph.node(named: layer)
    let channels = graph[node.outputs[0]].shape.last ?? 0
    guard (0..<channels).contains(unit) else {
      throw ToolError("\(node.name) has the units 0 to \(channels - 1); there is no unit \(unit).")
    }
    let differentiator = try Differentiator(
      Self.upTo(node, graph), parameters: graph.inputs, usesBatchStatistics: false)
    var random = SplitMix64(seed: seed)
    let depth = limits.count
    var input = Tensor(shape: graph[graph.inputs[0]].shape)
    for index in input.values.indices {
      let limit = limits[index % depth]
      let middle = (limit.lowerBound + limit.upperBound) / 2
      let noise = Float(random.next() >> 40) / Float(1 << 24) - 0.5
      input.values[index] = middle + noise * 0.1 * (limit.upperBound - limit.lowerBound)
    }
    let start = input
    var best: (input: Tensor, mean: Float)?
    var first: Float = 0
    for step in 0...steps {
      let (mean, gradient) = try Self.slope(differentiator, input, unit: unit, channels: channels)
      if step == 0 { first = mean }
      if step > 0, best.map({ mean > $0.mean }) ?? true { best = (input, mean) }
      if step < steps {
        Self.climb(&input, gradient, limits, share: 0.05, blurs: step % 4 == 3 && step < steps * 3 / 4)
      }
      progress(step)
    }
    self.first = first
    self.input = best?.input ?? start
    last = best?.mean ?? first
  }

  /// The network up to a layer, whose output is the unit's, without what only later layers do.
  private static func upTo(_ node: Node, _ graph: Graph) -> Graph {
    var part = graph
    let end = graph.nodes.firstIndex { $0.outputs == node.outputs } ?? 0
    var needed: Set<ValueID> = [node.outputs[0]]
    part.nodes = graph.nodes[...end].reversed().filter { candidate in
      guard candidate.outputs.contains(where: needed.contains) else { return false }
      needed.formUnion(candidate.inputs)
      return true
    }.reversed()
    part.outputs = [node.outputs[0]]
    return part
  }

  /// The unit's mean over all places, and the gradient of it.
  private static func slope(
    _ differentiator: Differentiator, _ input: Tensor, unit: Int, channels: Int
  ) throws -> (mean: Float, gradient: Tensor) {
    var mean: Float = 0
    let pass = try differentiator.run([input]) { outputs in
      let output = outputs[0]
      var seed = Tensor(shape: output.shape)
      let places = Float(output.count / channels)
      for index in stride(from: unit, to: output.count, by: channels) {
        mean += output.values[index] / places
        seed.values[index] = 1 / places
      }
      return [seed]
    }
    return (mean, pass.gradients[differentiator.graph.inputs[0]] ?? Tensor(shape: input.shape))
  }

  /// Goes up by a share of the input's range, on average over its values.
  private static func climb(
    _ input: inout Tensor, _ gradient: Tensor, _ limits: [ClosedRange<Float>], share: Float, blurs: Bool
  ) {
    let mean = gradient.values.reduce(Float(0)) { $0 + abs($1) } / Float(max(1, gradient.count))
    guard mean > 0, mean.isFinite else { return }
    for index in input.values.indices {
      let limit = limits[index % limits.count]
      let step = share * (limit.upperBound - limit.lowerBound) * gradient.values[index] / mean / 4
      input.values[index] = min(limit.upperBound, max(limit.lowerBound, input.values[index] + step))
    }
    if blurs { blur(&input) }
  }

  /// Each value becomes the mean of itself, four times, and its four neighbours.
  private static func blur(_ input: inout Tensor) {
    let (height, width, channels) = (input.shape[1], input.shape[2], input.shape[3])
    let old = input.values
    for row in 0..<height {
      for column in 0..<width {
        for channel in 0..<channels {
          func value(_ row: Int, _ column: Int) -> Float {
            old[(min(height - 1, max(0, row)) * width + min(width - 1, max(0, column))) * channels + channel]
          }
          let around = value(row - 1, column) + value(row + 1, column) + value(row, column - 1) + value(row, column + 1)
          input.values[(row * width + column) * channels + channel] = (4 * value(row, column) + around) / 8
        }
      }
    }
  }
}

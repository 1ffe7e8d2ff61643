import Testing

@testable import Graph

struct KeptEvaluationTests {
  /// A residual block and a layer with an activation in place: y = relu(a·x), z = tanh(y + b·y), outputs z and y.
  private static func network() throws -> Graph {
    var graph = Graph(name: "kept")
    let x = graph.addInput("x", shape: [1, 4, 4, 2])
    func convolution(_ x: ValueID, _ seed: Int, _ name: String) throws -> ValueID {
      let values = (0..<4).map { Float(($0 * 7 + seed * 5) % 9) / 4 - 1 }
      return try graph.apply(
        Conv2D(), x, graph.addConstant("\(name).weights", Tensor(shape: [2, 1, 1, 2], values: values)),
        graph.addConstant("\(name).bias", Tensor(shape: [2], values: [0.25, -0.5])), name: name)
    }
    let y = try graph.apply(Activation(.relu), try convolution(x, 1, "first"), name: "y")
    let sum = try graph.apply(Add(), y, try convolution(y, 2, "second"), name: "sum")
    graph.outputs = [try graph.apply(Activation(.tanh), sum, name: "z"), y]
    return graph
  }

  private static let input = Tensor(shape: [1, 4, 4, 2], values: (0..<32).map { Float($0 * 11 % 17) / 8 - 1 })

  @Test func everyValueIsKept() throws {
    let graph = try Self.network()
    let evaluator = Evaluator(graph, workers: Workers(count: 1))
    var seen: [ValueID: Tensor] = [:]
    let outputs = try evaluator.run([Self.input]) { seen[$0] = $1 }
    let kept = try evaluator.evaluateKeeping([Self.input])
    #expect(kept.outputs == outputs)
    #expect(kept[graph.inputs[0]] == Self.input)
    for (id, tensor) in seen { #expect(kept[id] == tensor) }
    #expect(seen.count == graph.nodes.count)
  }

  @Test func whatDependsOnAChangedValueFollows() throws {
    let graph = try Self.network()
    let evaluator = Evaluator(graph, workers: Workers(count: 1))
    let kept = try evaluator.evaluateKeeping([Self.input])
    for node in graph.nodes {
      let id = node.outputs[0]
      let same = try evaluator.outputs(of: kept, replacing: id, by: try #require(kept[id]))
      #expect(same == kept.outputs, "\(node.name)")
    }
    // Without the second convolution, z = tanh(y).
    let second = graph.nodes.first { $0.name == "second" }!.outputs[0]
    let changed = try evaluator.outputs(of: kept, replacing: second, by: Tensor(shape: [1, 4, 4, 2]))
    #expect(changed[1] == kept.outputs[1])
    #expect(changed[0].values == kept.outputs[1].values.map { Activation.Function.tanh($0) })
    let sum = graph.nodes.first { $0.name == "sum" }!.outputs[0]
    let alone = try evaluator.value(sum, in: kept) { $0 == second ? Array(repeating: 0, count: 32) : nil }
    #expect(alone == kept.outputs[1])
    // What was kept stays.
    #expect(try evaluator.run([Self.input]) == kept.outputs)
    #expect(kept.outputs == (try evaluator.evaluateKeeping([Self.input])).outputs)
  }
}

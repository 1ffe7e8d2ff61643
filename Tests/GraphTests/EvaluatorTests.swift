import Testing

@testable import Graph

@Suite struct EvaluatorTests {
  /// relu(x · 2 + 1) + x, with the intermediate as a second output.
  private func network() throws -> Graph {
    var graph = Graph(name: "small")
    let x = graph.addInput("x", shape: [1, 2, 2, 2])
    let weights = graph.addConstant("weights", Tensor(shape: [2, 1, 1, 2], values: [2, 0, 0, 2]))
    let bias = graph.addConstant("bias", Tensor(shape: [2], repeating: 1))
    let convolved = try graph.apply(Conv2D(), x, weights, bias, name: "convolution")
    graph.nodes[0].clamp = 0...Float.infinity
    let sum = try graph.apply(Add(), convolved, x, name: "sum")
    graph.outputs = [sum, convolved]
    return graph
  }

  @Test func computesOutputsAndShowsEveryValue() throws {
    let graph = try network()
    let x = Tensor(shape: [1, 2, 2, 2], values: [-2, -1, 0, 1, 2, 3, 4, 5])
    let evaluator = Evaluator(graph, workers: Workers(count: 2))
    var seen: [String] = []
    let outputs = try evaluator.run([x]) { id, tensor in
      seen.append(graph[id].name)
      #expect(tensor.shape == graph[id].shape)
    }
    #expect(seen == ["convolution", "sum"])
    #expect(outputs[1].values == [0, 0, 1, 3, 5, 7, 9, 11])
    #expect(outputs[0].values == [-2, -1, 1, 4, 7, 10, 13, 16])
    #expect(try evaluator.run([x]) == outputs)
    #expect(try graph.evaluate(inputs: [x]) == outputs)
  }

  @Test func countsParametersAndMacs() throws {
    let graph = try network()
    #expect(graph.parameterCount == 6)
    #expect(graph.macs == 16)
  }

  @Test func wrongInputsAreRefused() throws {
    let evaluator = Evaluator(try network())
    #expect(throws: GraphError.self) { try evaluator.run([]) }
    #expect(throws: GraphError.self) { try evaluator.run([Tensor(shape: [1, 2, 2, 3])]) }
  }

  @Test func aValueThatNothingComputesIsReported() throws {
    var graph = try network()
    graph.outputs.append(graph.addValue("orphan", shape: [1]))
    #expect(throws: GraphError.self) { try graph.evaluate(inputs: [Tensor(shape: [1, 2, 2, 2])]) }
  }

  @Test func weightsMayBeComputed() throws {
    var graph = Graph(name: "dynamic")
    let x = graph.addInput("x", shape: [1, 1, 1, 2])
    let weights = graph.addInput("weights", shape: [1, 1, 1, 2])
    let bias = graph.addConstant("bias", Tensor(shape: [1], repeating: 1))
    graph.outputs = [try graph.apply(Conv2D(), x, weights, bias, name: "convolution")]
    let ones = Tensor(shape: [1, 1, 1, 2], repeating: 3)
    #expect(try graph.evaluate(inputs: [ones, ones])[0].values == [19])
  }

  @Test func clampsOperatorsWithoutAFusedForm() throws {
    var graph = Graph(name: "clamped")
    let x = graph.addInput("x", shape: [1, 4])
    graph.outputs = [try graph.apply(Activation(.tanh), x, name: "tanh")]
    graph.nodes[0].clamp = -0.25...0.25
    let result = try graph.evaluate(inputs: [Tensor(shape: [1, 4], values: [-5, 0, 0.1, 5])])[0]
    #expect(result.values[0] == -0.25 && result.values[1] == 0 && result.values[3] == 0.25)
  }

  @Test func shapesTooLargeToHoldAreRefused() {
    var graph = Graph(name: "huge")
    let x = graph.addInput("x", shape: [1, 1 << 20, 1 << 20, 1])
    #expect(throws: GraphError.self) { try graph.apply(MaxPool2D(window: .one), x, name: "pool") }
    let overflowing = graph.addInput("overflowing", shape: [1, .max, .max, 1])
    #expect(throws: GraphError.self) { try graph.apply(Reshape(shape: [1]), overflowing, name: "reshape") }
    #expect(throws: GraphError.self) { try graph.apply(MaxPool2D(window: .one), overflowing, name: "pool") }
  }
}

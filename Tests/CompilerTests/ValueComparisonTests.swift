import Graph
import Testing

@testable import Compiler

/// Comparing a packed model's layers with another program's values.
struct ValueComparisonTests {
  /// The values of the layer before the last and of the last, for one input.
  static func layers(_ q: [Int32]) -> (relu: [Int32], sum: [Int32]) {
    let sum = CompileQuantizedTests.expected(q.map { Int8($0) }).map { Int32($0) }
    let relu = (0..<2).map { channel in
      var total = Int32(CompileQuantizedTests.weights.biases[channel])
      for tap in 0..<3 {
        total +=
          (q[tap] - CompileQuantizedTests.input.zeroPoint)
          * Int32(CompileQuantizedTests.weights.values[channel * 3 + tap])
      }
      let hidden = CompileQuantizedTests.hidden
      let factor = CompileQuantizedTests.input.scale * CompileQuantizedTests.weights.scales[channel] / hidden.scale
      let steps = Int32((Float(total) * factor).rounded(.toNearestOrEven)) + hidden.zeroPoint
      return max(hidden.zeroPoint, min(127, steps))
    }
    return (relu, sum)
  }

  private func comparison() throws -> ValueComparison {
    try ValueComparison(try compileQuantized(try CompileQuantizedTests.network()).bytes)
  }

  @Test func equalValuesDoNotDiffer() throws {
    var comparison = try comparison()
    #expect(comparison.inputNames == ["x"])
    #expect(comparison.inputSizes == [3])
    for q: [Int32] in [[1, 2, 3], [-128, 127, 0], [90, -40, 66]] {
      let (relu, sum) = Self.layers(q)
      try comparison.add(inputs: [q], expected: ["relu": relu, "sum": sum])
    }
    #expect(comparison.examples == 3)
    #expect(comparison.layers.map(\.tensor) == ["relu", "sum"])
    for layer in comparison.layers {
      #expect(layer.accumulated.values == 6 && layer.isolated.values == 6)
      #expect(layer.accumulated.differing == 0 && layer.isolated.differing == 0)
    }
    #expect(comparison.outputs.values == 6 && comparison.outputs.differing == 0)
  }

  /// The other program's first layer is one step higher: isolated, only that layer differs, and the second is compared
  /// with what comes of the other program's values.
  @Test func isolationGivesEachLayerTheOthersInputs() throws {
    var comparison = try comparison()
    let q: [Int32] = [1, 2, 3]
    var (relu, sum) = Self.layers(q)
    relu[0] += 10
    let (hidden, output) = (CompileQuantizedTests.hidden, CompileQuantizedTests.output)
    let addend = Float(relu[0] - hidden.zeroPoint) * (hidden.scale / output.scale)
    let own = sum[0]
    sum[0] = Int32((addend + addend).rounded(.toNearestOrEven) + Float(output.zeroPoint))
    #expect(sum[0] != own)
    try comparison.add(inputs: [q], expected: ["relu": relu, "sum": sum])
    let layers = comparison.layers
    #expect(layers[0].accumulated.differing == 1 && layers[0].accumulated.largestStep == 10)
    #expect(layers[0].isolated.differing == 1 && layers[0].isolated.largestStep == 10)
    #expect(layers[1].accumulated.differing == 1 && layers[1].accumulated.largestStep == Int(abs(sum[0] - own)))
    #expect(layers[1].isolated.differing == 0)
    #expect(comparison.outputs.differing == 1)
  }

  @Test func whatDoesNotFitIsNotCompared() throws {
    var comparison = try comparison()
    try comparison.add(inputs: [[1, 2, 3]], expected: ["relu": [1, 2, 3], "nothing": [1]])
    #expect(comparison.layers.isEmpty)
    #expect(comparison.outputs.values == 0)
    #expect(throws: GraphError.self) { try comparison.add(inputs: [[1, 2]], expected: [:]) }
    #expect(throws: GraphError.self) { try comparison.add(inputs: [], expected: [:]) }
  }

  /// A reshaped result is known by both names.
  @Test func aReshapedResultIsComparedUnderItsOtherName() throws {
    var graph = try CompileQuantizedTests.network()
    let reshaped = try graph.apply(Reshape(shape: [1, 1, 1, 2]), graph.outputs[0], name: "reshaped")
    graph[reshaped].quantization = CompileQuantizedTests.output
    graph.outputs = [reshaped]
    var comparison = try ValueComparison(try compileQuantized(graph).bytes)
    try comparison.add(inputs: [[1, 2, 3]], expected: ["reshaped": Self.layers([1, 2, 3]).sum])
    #expect(comparison.layers.map(\.tensor) == ["reshaped"])
    #expect(comparison.layers.map(\.isolated.differing) == [0])
    #expect(comparison.outputs.values == 2)
  }
}

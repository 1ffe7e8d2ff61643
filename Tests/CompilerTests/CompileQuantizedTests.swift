import Graph
import Testing

@testable import Compiler

/// Imported int8 networks: what is packed is what was imported.
struct CompileQuantizedTests {
  static let input = Quantization(scale: 0.04, zeroPoint: -5)
  static let hidden = Quantization(scale: 0.07, zeroPoint: 9)
  static let output = Quantization(scale: 0.11, zeroPoint: -20)
  static let weights = QuantizedWeights(
    values: [90, -7, 3, 127, -127, 55], scales: [0.013, 0.0071], biases: [321, -40], roundsFactorsStepwise: true)

  /// x → FullyConnected with a fused ReLU → y; y + y.
  static func network() throws -> Graph {
    var graph = Graph(name: "quantized")
    let x = graph.addInput("x", shape: [1, 3])
    graph[x].quantization = input
    // The real weights are of no use on purpose: only the exact ones may be read.
    let real = graph.addConstant("w", Tensor(shape: [2, 3], repeating: 1))
    graph[real].quantizedWeights = weights
    let bias = graph.addConstant("b", Tensor(shape: [2], repeating: 0))
    let linear = try graph.apply(FullyConnected(), x, real, bias, name: "linear")
    graph[linear].quantization = hidden
    let y = try graph.apply(Activation(.relu), linear, name: "relu")
    graph[y].quantization = hidden
    let sum = try graph.apply(Add(), y, y, name: "sum")
    graph[sum].quantization = output
    graph.outputs = [sum]
    return graph
  }

  /// The contract's arithmetic with exact integers and one rounding of each float32 step.
  static func expected(_ q: [Int8]) -> [Int8] {
    (0..<2).map { channel in
      var sum = Int32(weights.biases[channel])
      for tap in 0..<3 { sum += (Int32(q[tap]) - input.zeroPoint) * Int32(weights.values[channel * 3 + tap]) }
      let factor = input.scale * weights.scales[channel] / hidden.scale
      let steps = Int32((Float(sum) * factor).rounded(.toNearestOrEven)) + hidden.zeroPoint
      let y = max(hidden.zeroPoint, min(127, steps))
      let addend = Float(y - hidden.zeroPoint) * (hidden.scale / output.scale)
      let total = Int32((addend + addend).rounded(.toNearestOrEven)) + output.zeroPoint
      return Int8(max(-128, min(127, total)))
    }
  }

  @Test func givesTheBytesOfTheImportedNumbers() throws {
    let model = try compileQuantized(try Self.network())
    #expect(model.report.layers.map(\.kind) == ["FullyConnected", "Add"])
    #expect(model.report.notes.isEmpty)
    #expect(model.report.layers.last?.outputScale == Self.output.scale)
    let runner = try ModelRunner(model.bytes)
    var random = SeededGenerator(4)
    for _ in 0..<500 {
      let q = (0..<3).map { _ in Int8.random(in: -128...127, using: &random) }
      let results = try runner.run([Tensor(shape: [1, 3], values: q.map(Self.input.real))])
      #expect(results[0].values.map(Self.output.quantize) == Self.expected(q))
    }
  }

  @Test func aMissingQuantizationIsAnError() throws {
    var graph = try Self.network()
    graph[graph.outputs[0]].quantization = nil
    #expect(!graph.isQuantized)
    #expect(throws: GraphError.self) { try compileQuantized(graph) }
  }

  @Test func anAdditionIsNotFusedIntoAConvolution() throws {
    var graph = Graph(name: "residual")
    let x = graph.addInput("x", shape: [1, 2, 2, 4])
    let kernel = graph.addConstant("w", Tensor(shape: [4, 1, 1, 4], repeating: 0.1))
    let bias = graph.addConstant("b", Tensor(shape: [4], repeating: 0))
    let y = try graph.apply(Conv2D(), x, kernel, bias, name: "conv")
    let z = try graph.apply(Add(), y, x, name: "sum")
    for id in [x, y, z] { graph[id].quantization = Self.hidden }
    graph.outputs = [z]
    #expect(try compileQuantized(graph).report.layers.map(\.kind) == ["Conv2D", "Add"])
  }
}

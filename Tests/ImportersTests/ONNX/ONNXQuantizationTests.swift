import Graph
import Testing

@testable import Importers

/// Quantized networks: what the file says of scales, zero points, weights and biases is kept.
struct ONNXQuantizationTests {
  static let weights = (0..<36).map { $0 * 7 - 127 }
  static let weightScales: [Float] = [0.5, 0.25]
  static let biases = [1000, -70000]
  static let scales: [(String, Float, Int)] = [("x", 0.5, 128), ("y", 2, 7)]

  /// The constants of a network with one convolution of 2×2×3×3 int8 weights, scaled by channel.
  static func model(weightType: Int = 3, weightZeroPoint: Int = 0) -> ModelSpecification {
    var model = ModelSpecification(input: [1, 2, 4, 4])
    for (name, scale, zeroPoint) in scales {
      model.initializers.append(.floats("\(name).scale", [], [scale]))
      model.initializers.append(.bytes("\(name).zero", [], type: 2, [zeroPoint]))
    }
    model.initializers += [
      .bytes("w", [2, 2, 3, 3], type: weightType, weights), .floats("w.scale", [2], weightScales),
      .bytes("w.zero", [2], type: weightType, [weightZeroPoint, weightZeroPoint]), .int32("b", biases),
      .floats("b.scale", [2], weightScales.map { $0 * 0.5 }),
    ]
    return model
  }

  /// x → Q → DQ → Conv → Relu → Q → DQ, weights and bias through DQ.
  static func pairs(weightType: Int = 3, weightZeroPoint: Int = 0) -> ModelSpecification {
    var model = model(weightType: weightType, weightZeroPoint: weightZeroPoint)
    model.node("QuantizeLinear", ["x", "x.scale", "x.zero"], ["xq"])
    model.node("DequantizeLinear", ["xq", "x.scale", "x.zero"], ["xd"])
    model.node("DequantizeLinear", ["w", "w.scale", "w.zero"], ["wd"], [.integer("axis", 0)])
    model.node("DequantizeLinear", ["b", "b.scale"], ["bd"], [.integer("axis", 0)])
    model.node("Conv", ["xd", "wd", "bd"], ["c"], [.integers("pads", [1, 1, 1, 1])])
    model.node("Relu", ["c"], ["r"])
    model.node("QuantizeLinear", ["r", "y.scale", "y.zero"], ["yq"])
    model.node("DequantizeLinear", ["yq", "y.scale", "y.zero"], ["y"])
    return model
  }

  /// The same by QLinearConv, without the Relu.
  static func fused() -> ModelSpecification {
    var model = model()
    model.node("QuantizeLinear", ["x", "x.scale", "x.zero"], ["xq"])
    model.node(
      "QLinearConv", ["xq", "x.scale", "x.zero", "w", "w.scale", "w.zero", "y.scale", "y.zero", "b"], ["yq"],
      [.integers("pads", [1, 1, 1, 1])])
    model.node("DequantizeLinear", ["yq", "y.scale", "y.zero"], ["y"])
    return model
  }

  @Test(arguments: [pairs(), fused()])
  func keepsScalesZeroPointsWeightsAndBiases(_ model: ModelSpecification) throws {
    let result = try imported(model)
    let graph = result.graph
    #expect(result.notes.isEmpty)
    #expect(graph.isQuantized)
    #expect(graph[graph.inputs[0]].quantization == Quantization(scale: 0.5, zeroPoint: 0))
    #expect(graph[graph.outputs[0]].quantization == Quantization(scale: 2, zeroPoint: -121))
    let layer = try #require(graph.nodes.first { $0.operation is Conv2D })
    let kept = try #require(graph[layer.inputs[1]].quantizedWeights)
    // 2×2×3×3 to 2×3×3×2.
    let expected = (0..<36).map { index in
      let (output, tap, input) = (index / 18, index / 2 % 9, index % 2)
      return Int8(Self.weights[output * 18 + input * 9 + tap])
    }
    #expect(kept.values == expected)
    #expect(kept.scales == Self.weightScales)
    #expect(kept.biases == Self.biases.map { Int64($0) })
    #expect(graph[layer.outputs[0]].quantization == Quantization(scale: 2, zeroPoint: -121))
  }

  @Test func nothingButTheLayersRemains() throws {
    #expect(try imported(Self.pairs()).graph.nodes.map(\.operation.kind) == ["Conv2D", "Activation"])
    #expect(try imported(Self.fused()).graph.nodes.map(\.operation.kind) == ["Conv2D"])
  }

  @Test func unsignedWeightsNearTheirZeroPointAreExact() throws {
    // As uint8, −127…118 is 129…118: about 128 all lie within −127…127.
    let graph = try imported(Self.pairs(weightType: 2, weightZeroPoint: 128)).graph
    let kept = try #require(graph[graph.nodes[0].inputs[1]].quantizedWeights)
    let stored = Self.weights.map { Int(UInt8(truncatingIfNeeded: $0)) - 128 }
    #expect(Set(kept.values.map(Int.init)) == Set(stored))
    #expect(kept.scales == Self.weightScales)
  }

  @Test func unsignedWeightsFarFromTheirZeroPointAreRoundedAndSaid() throws {
    let result = try imported(Self.pairs(weightType: 2, weightZeroPoint: 3))
    let node = result.graph.nodes[0]
    let kept = try #require(result.graph[node.inputs[1]].quantizedWeights)
    let weights = try #require(result.graph[node.inputs[1]].constant)
    #expect(result.notes.contains { $0.contains("rounded anew") && $0.contains("2 of 2") })
    for (index, value) in kept.values.enumerated() {
      let scale = kept.scales[index / 18]
      #expect(abs(Float(value) * scale - weights.values[index]) <= scale / 2 * 1.0001)
    }
    let inputScale: Float = 0.5
    for channel in 0..<2 {
      let real = Float(kept.biases[channel]) * inputScale * kept.scales[channel]
      #expect(abs(real - Float(Self.biases[channel]) * inputScale * Self.weightScales[channel]) < inputScale)
    }
  }

  @Test func anotherScaleAfterMovingBytesIsATable() throws {
    var model = Self.model()
    model.node("QuantizeLinear", ["x", "x.scale", "x.zero"], ["xq"])
    model.node("DequantizeLinear", ["xq", "x.scale", "x.zero"], ["xd"])
    model.node("MaxPool", ["xd"], ["p"], [.integers("kernel_shape", [2, 2])])
    model.node("QuantizeLinear", ["p", "y.scale", "y.zero"], ["yq"])
    model.node("DequantizeLinear", ["yq", "y.scale", "y.zero"], ["y"])
    let graph = try imported(model).graph
    #expect(graph.nodes.map(\.operation.kind) == ["MaxPool2D", "Activation"])
    #expect(graph[graph.nodes[0].outputs[0]].quantization == Quantization(scale: 0.5, zeroPoint: 0))
    #expect(graph[graph.outputs[0]].quantization == Quantization(scale: 2, zeroPoint: -121))
  }

  @Test func valuesWithoutAScaleGetTheOneTheirInputsNeed() throws {
    var model = Self.model()
    model.node("QuantizeLinear", ["x", "x.scale", "x.zero"], ["xq"])
    model.node("DequantizeLinear", ["xq", "x.scale", "x.zero"], ["xd"])
    model.node("Exp", ["xd"], ["e"])
    model.node("Softmax", ["e"], ["y"])
    let result = try imported(model)
    #expect(result.graph.isQuantized)
    #expect(result.notes.count == 1)
    let rule = try #require(result.graph[result.graph.nodes[0].outputs[0]].quantization)
    #expect(rule.zeroPoint == -128)
  }

  @Test func aNetworkThatIsQuantizedInPartIsAFloatNetworkAndSaysSo() throws {
    var model = Self.model()
    model.initializers.append(.floats("f", [2, 2, 1, 1], [1, 2, 3, 4]))
    model.node("QuantizeLinear", ["x", "x.scale", "x.zero"], ["xq"])
    model.node("DequantizeLinear", ["xq", "x.scale", "x.zero"], ["xd"])
    model.node("Conv", ["xd", "f"], ["y"])
    let result = try imported(model)
    #expect(!result.graph.isQuantized)
    #expect(result.notes.contains { $0.contains("float network") })
  }

  @Test func dynamicQuantizationIsAFloatNetworkThatComputesTheSame() throws {
    var model = ModelSpecification(input: [1, 3])
    model.initializers = [
      .bytes("w", [3, 2], type: 3, [1, 2, 3, 4, 5, -6]), .bytes("w.zero", [], type: 3, [1]),
      .floats("w.scale", [], [0.5]),
    ]
    model.node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"])
    model.node("MatMulInteger", ["q", "w", "z", "w.zero"], ["i"])
    model.node("Cast", ["i"], ["c"], [.integer("to", 1)])
    model.node("Mul", ["s", "w.scale"], ["f"])
    model.node("Mul", ["c", "f"], ["y"])
    let result = try imported(model)
    #expect(!result.graph.isQuantized)
    #expect(result.notes.contains { $0.contains("dynamic quantization") })
    let found = try outputs(result, Tensor(shape: [1, 3], values: [1, 10, 100]))
    expectNear(found[0], Tensor(shape: [1, 2], values: [0 + 10 + 200, 0.5 + 15 - 350]), tolerance: 1e-3)
  }

  @Test func inputTypesStandForWhatReadsThemSays() throws {
    var model = Self.model()
    model.inputType = 2
    model.node("DequantizeLinear", ["x", "x.scale", "x.zero"], ["d"])
    model.node("Relu", ["d"], ["r"])
    model.node("QuantizeLinear", ["r", "y.scale", "y.zero"], ["y"])
    let result = try imported(model)
    #expect(result.inputs[0].integers == .uint8)
    #expect(result.outputs[0].integers == .uint8)
    #expect(result.graph[result.graph.inputs[0]].quantization == Quantization(scale: 0.5, zeroPoint: 0))
  }
}

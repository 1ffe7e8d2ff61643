import Graph
import Testing

@testable import Importers

/// Quantized networks that are wrong, or ask for what int8 cannot do: each is refused in a sentence.
struct HostileQuantizationTests {
  /// x → QuantizeLinear → DequantizeLinear with this scale and zero point.
  static func quantizing(_ scale: TensorSpecification, _ zeroPoint: TensorSpecification) -> ModelSpecification {
    var model = ModelSpecification(input: [1, 2, 4, 4])
    model.initializers = [scale, zeroPoint]
    model.node("QuantizeLinear", ["x", "s", "z"], ["q"])
    model.node("DequantizeLinear", ["q", "s", "z"], ["y"])
    return model
  }

  static func dequantizing(_ constant: TensorSpecification, _ scales: [Float], axis: Int) -> ModelSpecification {
    var model = ModelSpecification(input: [1, 2])
    model.initializers = [constant, .floats("s", [scales.count], scales)]
    model.node("DequantizeLinear", ["w", "s"], ["d"], [.integer("axis", axis)])
    model.node("MatMul", ["x", "d"], ["y"])
    return model
  }

  static func reason(_ model: ModelSpecification) -> String {
    importError(model.encoded).map { $0.problems.first?.reason ?? $0.summary } ?? "imported"
  }

  @Test(arguments: [0, -1, Float.infinity, .nan]) func refusesImpossibleScales(_ scale: Float) {
    let model = Self.quantizing(.floats("s", [], [scale]), .bytes("z", [], type: 2, [0]))
    #expect(Self.reason(model).contains("impossible"))
  }

  @Test func refusesWideActivations() {
    let wide = TensorSpecification(name: "z", shape: [], type: 5, raw: [0, 0])
    #expect(Self.reason(Self.quantizing(.floats("s", [], [1]), wide)).contains("int16"))
  }

  @Test func refusesOneScaleAChannelForActivations() {
    let model = Self.quantizing(.floats("s", [2], [1, 2]), .bytes("z", [2], type: 2, [0, 0]))
    #expect(Self.reason(model).contains("2 scales"))
  }

  @Test func refusesTwoMeaningsOfTheSameBytes() {
    var model = Self.quantizing(.floats("s", [], [1]), .bytes("z", [], type: 2, [0]))
    model.initializers.append(.floats("t", [], [2]))
    model.outputs = ["v"]
    model.node("DequantizeLinear", ["q", "t", "z"], ["v"])
    #expect(Self.reason(model).contains("as if their scale were 2"))
  }

  @Test func refusesAnotherTypeOfZeroPoint() {
    var model = Self.quantizing(.floats("s", [], [1]), .bytes("z", [], type: 2, [0]))
    model.initializers.append(.bytes("i", [], type: 3, [0]))
    model.outputs = ["v"]
    model.node("DequantizeLinear", ["q", "s", "i"], ["v"])
    #expect(Self.reason(model).contains("int8"))
  }

  @Test func refusesArithmeticOfQuantizedIntegers() {
    var model = Self.quantizing(.floats("s", [], [1]), .bytes("z", [], type: 2, [0]))
    model.outputs = ["v"]
    model.node("Relu", ["q"], ["v"])
    #expect(Self.reason(model).contains("as if they were numbers"))
  }

  @Test(arguments: [-4, 3, Int.max, Int.min]) func refusesAnAxisOutsideTheConstant(_ axis: Int) {
    let model = Self.dequantizing(.bytes("w", [2, 2], type: 3, [1, 2, 3, 4]), [1, 2], axis: axis)
    #expect(Self.reason(model).contains("axis"))
  }

  @Test func refusesScalesThatDoNotFit() {
    let model = Self.dequantizing(.bytes("w", [2, 2], type: 3, [1, 2, 3, 4]), [1, 2, 3], axis: 1)
    #expect(Self.reason(model).contains("do not fit"))
  }

  @Test func readsHalfBytesAndRefusesThoseThatAreCutOff() throws {
    let whole = TensorSpecification(name: "w", shape: [2, 2], type: 22, raw: [0x21, 0xf3])
    let found = try outputs(
      try imported(Self.dequantizing(whole, [0.5], axis: 1)), Tensor(shape: [1, 2], values: [1, 10]))
    expectNear(found[0], Tensor(shape: [1, 2], values: [0.5 + 15, 1 - 5]))
    for raw in [[0x21], [0x21, 0xf3, 0]] as [[UInt8]] {
      let cut = TensorSpecification(name: "w", shape: [2, 2], type: 22, raw: raw)
      #expect(Self.reason(Self.dequantizing(cut, [0.5], axis: 1)).contains("elements for the shape"))
    }
  }

  @Test func refusesIntegersThatNobodyExplains() {
    var model = ONNXQuantizationTests.model()
    model.node("DequantizeLinear", ["x", "x.scale", "x.zero"], ["y"])
    #expect(Self.reason(model).contains("nothing quantized"))
  }

  @Test func refusesAQuantizedLayerWithoutItsScales() {
    var model = ONNXQuantizationTests.model()
    model.node("QuantizeLinear", ["x", "x.scale", "x.zero"], ["q"])
    model.node("QLinearConv", ["q", "x.scale", "x.zero", "w"], ["y"])
    #expect(Self.reason(model).contains("is missing"))
  }

  @Test func refusesABiasThatDoesNotFit() {
    var model = ONNXQuantizationTests.model()
    model.initializers.append(.int32("long", [1, 2, 3]))
    model.node("QuantizeLinear", ["x", "x.scale", "x.zero"], ["q"])
    model.node(
      "QLinearConv", ["q", "x.scale", "x.zero", "w", "w.scale", "w.zero", "y.scale", "y.zero", "long"], ["y"])
    #expect(Self.reason(model).contains("bias"))
  }

  @Test func aLongChainOfMovingOperatorsEnds() throws {
    var model = ONNXQuantizationTests.model()
    var name = "x"
    for index in 0..<2000 {
      model.node("Reshape", [name, "shape\(index % 2)"], ["r\(index)"])
      name = "r\(index)"
    }
    model.initializers += [.integers("shape0", [1, 4, 8]), .integers("shape1", [1, 8, 4])]
    model.node("QuantizeLinear", [name, "x.scale", "x.zero"], ["q"])
    model.node("DequantizeLinear", ["q", "x.scale", "x.zero"], ["y"])
    #expect(try imported(model).graph.isQuantized)
  }

  /// Damaged quantized networks: whatever the bytes are, the import ends with a network or with an error.
  @Test(arguments: [ONNXQuantizationTests.pairs(), ONNXQuantizationTests.fused()])
  func noDamagedByteCrashes(_ model: ModelSpecification) {
    let sound = model.encoded
    var random = SeededNumbers(11)
    var refused = 0
    for _ in 0..<1500 {
      var bytes = sound
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random)!
        case 1: bytes[place] ^= 1 << Int.random(in: 0..<8, using: &random)
        case 2: bytes.remove(at: place)
        default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        }
      }
      if importError(bytes) != nil { refused += 1 }
    }
    #expect(refused > 100)
    #expect(refused < 1500)
  }

  /// Scales and zero points of odd shapes beside constants of odd shapes.
  @Test func oddShapesOfScalesAreRefusedOrFit() {
    var fitting = 0
    for scaleShape in [[], [0], [1], [2], [2, 1], [1, 2], [2, 2], [1 << 40], [-1]] as [[Int]] {
      for shape in [[], [0], [2], [2, 2], [0, 2], [2, 2, 2, 2, 2]] as [[Int]] {
        for axis in [-3, -1, 0, 1, 5] {
          let count = shape.reduce(1, *)
          let scales = scaleShape.reduce(1) { $0 &* $1 }
          var model = ModelSpecification(operatorSet: 21, input: [1, 2])
          model.initializers = [
            .bytes("w", shape, type: 3, (0..<count).map { $0 }),
            .floats("s", scaleShape, [Float](repeating: 1, count: (0...16).contains(scales) ? scales : 1)),
          ]
          model.node("DequantizeLinear", ["w", "s"], ["d"], [.integer("axis", axis), .integer("block_size", 1)])
          model.node("MatMul", ["x", "d"], ["y"])
          if importError(model.encoded) == nil { fitting += 1 }
        }
      }
    }
    #expect(fitting > 0)
  }
}

import Graph
import Testing

@testable import Compiler

/// Imported int8 networks whose sums and means are rounded in whole numbers.
struct WholeNumberRuleTests {
  static let a = Quantization(scale: 0.05, zeroPoint: -7)
  static let b = Quantization(scale: 0.013, zeroPoint: 30)
  static let output = Quantization(scale: 0.021, zeroPoint: 5)

  /// All 65,536 pairs of bytes as two images of 256×256 pixels.
  static let pairs: (a: [Int8], b: [Int8]) = (
    (0..<65536).map { Int8($0 / 256 - 128) }, (0..<65536).map { Int8($0 % 256 - 128) }
  )

  private func results(_ operation: any Operator, clamp: Activation.Function? = nil) throws -> [Int8] {
    var graph = Graph(name: "sum")
    let (x, y) = (graph.addInput("a", shape: [1, 256, 256, 1]), graph.addInput("b", shape: [1, 256, 256, 1]))
    (graph[x].quantization, graph[y].quantization) = (Self.a, Self.b)
    var z = try graph.apply(operation, x, y, name: "z")
    graph[z].quantization = Self.output
    if let clamp {
      z = try graph.apply(Activation(clamp), z, name: "clamped")
      graph[z].quantization = Self.output
    }
    graph.outputs = [z]
    let runner = try ModelRunner(try compileQuantized(graph).bytes)
    let given = [Self.pairs.a.map(Self.a.real), Self.pairs.b.map(Self.b.real)].map {
      Tensor(shape: [1, 256, 256, 1], values: $0)
    }
    return try runner.run(given)[0].values.map(Self.output.quantize)
  }

  /// 0.05 / 0.021 lies in 2…4, so that the sum is shifted by 19.
  @Test(arguments: [1, -1]) func sumsAndDifferences(sign: Int) throws {
    let ratios: [Float] = [Self.a.scale / Self.output.scale, Self.b.scale / Self.output.scale]
    let multipliers = ratios.map { Int(($0 * 0x1p19).rounded(.toNearestOrEven)) }
    #expect((1 << 20...1 << 21).contains(multipliers[0]))
    let expected = zip(Self.pairs.a, Self.pairs.b).map { a, b -> Int8 in
      let sum = (Int(a) + 7) * multipliers[0] + sign * (Int(b) - 30) * multipliers[1] + 1 << 18
      return Int8(max(-128, min(127, sum >> 19 + 5)))
    }
    let operation: any Operator = sign > 0 ? Add(isFixedPoint: true) : Subtract(isFixedPoint: true)
    #expect(try results(operation) == expected)
    #expect(try results(operation, clamp: .relu) == expected.map { max($0, 5) })
  }

  @Test func productsOfStepwiseFactors() throws {
    let factor = Self.a.scale * Self.b.scale / Self.output.scale
    let expected = zip(Self.pairs.a, Self.pairs.b).map { a, b -> Int8 in
      let product = Float((Int(a) + 7) * (Int(b) - 30)) * factor
      return Int8(max(-128, min(127, product.rounded(.toNearestOrEven) + 5)))
    }
    #expect(try results(Multiply(roundsFactorStepwise: true)) == expected)
  }

  @Test func ratiosWithoutAFixedPointForm() {
    #expect(FixedPointSum(1, 1, output: 1) == nil || FixedPointSum(1, 1, output: 1)?.shift == 20)
    #expect(FixedPointSum(256, 1, output: 1) == nil)
    #expect(FixedPointSum(0x1p-11, 1, output: 1) == nil)
    #expect(FixedPointSum(255, 0x1p-10, output: 1)?.shift == 13)
    #expect(FixedPointSum(0x1p-10, 0x1p-10, output: 1)?.shift == 30)
  }

  @Test(arguments: [AveragePool2D.Rounding.awayFromZero, .upward, .nearestEven])
  func meansOfTwoBytes(rounding: AveragePool2D.Rounding) throws {
    var graph = Graph(name: "mean")
    let x = graph.addInput("x", shape: [1, 1, 131_072, 1])
    let y = try graph.apply(
      AveragePool2D(window: Size2D(1, 2), stride: Size2D(1, 2), rounding: rounding), x, name: "y")
    for id in [x, y] { graph[id].quantization = Self.a }
    graph.outputs = [y]
    let runner = try ModelRunner(try compileQuantized(graph).bytes)
    let bytes = zip(Self.pairs.a, Self.pairs.b).flatMap { [$0, $1] }
    let found = try runner.run([Tensor(shape: [1, 1, 131_072, 1], values: bytes.map(Self.a.real))])[0].values
    let expected = zip(Self.pairs.a, Self.pairs.b).map { a, b -> Int8 in
      let mean = (Float(a) + Float(b)) / 2
      return switch rounding {
      case .awayFromZero: Int8(mean.rounded(.toNearestOrAwayFromZero))
      case .upward: Int8((mean + 0.5).rounded(.down))
      case .nearestEven: Int8((mean + 7).rounded(.toNearestOrEven) - 7)
      }
    }
    #expect(found.map(Self.a.quantize) == expected)
  }

  /// The table of an activation is used as it is, up to a clamp.
  @Test func definedTables() throws {
    let table = (0..<256).map { UInt8(($0 * 7 + 3) % 256) }
    for clamp in [nil, Activation.Function.relu] {
      var graph = Graph(name: "table")
      let x = graph.addInput("x", shape: [1, 256])
      var y = try graph.apply(Activation(.tanh, definedTable: table), x, name: "y")
      (graph[x].quantization, graph[y].quantization) = (Self.a, Self.output)
      if let clamp {
        y = try graph.apply(Activation(clamp), y, name: "clamped")
        graph[y].quantization = Self.output
      }
      graph.outputs = [y]
      let model = try compileQuantized(graph)
      #expect(model.report.layers.count == 1)
      let bytes = (0..<256).map { Int8($0 - 128) }
      let found = try ModelRunner(model.bytes).run([Tensor(shape: [1, 256], values: bytes.map(Self.a.real))])[0]
      let expected = table.map { max(clamp == nil ? -128 : 5, Int8(bitPattern: $0 ^ 128)) }
      #expect(found.values.map(Self.output.quantize) == expected)
    }
  }
}

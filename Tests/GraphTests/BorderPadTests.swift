import Graph
import Testing

/// What lies beyond the end of an axis, spelled out.
@Suite struct BorderPadTests {
  static let cases: [(BorderPad.Border, [Float])] = [
    (.edge, [1, 1, 1, 1, 2, 3, 3, 3, 3, 3]), (.reflect, [2, 3, 2, 1, 2, 3, 2, 1, 2, 3]),
    (.symmetric, [3, 2, 1, 1, 2, 3, 3, 2, 1, 1]), (.wrap, [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]),
  ]

  @Test(arguments: 0..<4) func rowsAndColumns(which: Int) throws {
    let (border, expected) = Self.cases[which]
    for axis in 1...2 {
      var (before, after, shape) = ([0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1])
      (before[axis], after[axis], shape[axis]) = (3, 4, 3)
      var graph = Graph(name: "pad")
      let x = graph.addInput("x", shape: shape)
      graph.outputs = [try graph.apply(BorderPad(before: before, after: after, border: border), x, name: "pad")]
      let result = try graph.evaluate(inputs: [Tensor(shape: shape, values: [1, 2, 3])])[0]
      shape[axis] = 10
      #expect(result == Tensor(shape: shape, values: expected))
    }
  }

  @Test func channelsHaveNoPackedForm() throws {
    let rule = Quantization(scale: 1, zeroPoint: 0)
    let node = LoweringContext(
      name: "pad", inputs: [.init(shape: [1, 2, 2, 3], quantization: rule)],
      output: .init(shape: [1, 2, 2, 5], quantization: rule))
    let pad = BorderPad(before: [0, 0, 0, 1], after: [0, 0, 0, 1], border: .edge)
    #expect(throws: GraphError.self) { _ = try pad.lower(node) }
  }
}

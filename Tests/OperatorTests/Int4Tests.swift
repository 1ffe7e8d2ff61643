import Compiler
import Graph
import Testing

import enum Martlet.Conv2DInt4
import enum Martlet.FullyConnectedInt4

/// Operators with weights of four bits against the float definition: weights are multiples of a step, so that rounding
/// them loses nothing.
struct Int4Tests {
  private func check4(_ problem: Problem, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try check(problem, weights: .int4, sourceLocation: sourceLocation)
  }

  /// Any kernel, stride, dilation, padding and grouping, with as many blocks of outputs as a group may have.
  @Test(arguments: 0..<60 as Range<UInt64>) func convolution(seed: UInt64) throws {
    try check4(
      Problem(seed) { problem in
        let groups = problem.pick([1, 1, 1, 2, 3])
        let depth = problem.pick([1, 3, 4, 5, 16, 20])
        let kernel = Size2D(problem.pick(1...4), problem.pick(1...4))
        let x = problem.input([1, problem.pick(7...11), problem.pick(7...11), depth * groups])
        let outputs = problem.pick([1, 7, 16, 33, 70]) * groups
        let weights = problem.weights([outputs, kernel.height, kernel.width, depth], largest: 7)
        let convolution = Conv2D(
          stride: Size2D(problem.pick(1...2), problem.pick(1...2)),
          dilation: Size2D(problem.pick(1...2), problem.pick(1...2)), padding: problem.padding(lessThan: kernel),
          groups: groups)
        return try problem.applyWithClamp(convolution, x, weights, problem.bias(outputs))
      })
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func residual(seed: UInt64) throws {
    try check4(
      Problem(seed) { problem in
        let groups = problem.pick([1, 1, 2])
        let depth = problem.pick([4, 5, 16])
        let x = problem.image(3...8, channels: groups * depth)
        let outputs = groups * problem.pick([4, 16, 36])
        let shape = problem.graph[x].shape
        let residual = problem.input([1, shape[1], shape[2], outputs])
        return try problem.applyWithClamp(
          Conv2D(padding: Padding2D(top: 1, left: 1, bottom: 1, right: 1), groups: groups, hasResidual: true), x,
          problem.weights([outputs, 3, 3, depth], largest: 7), problem.bias(outputs), residual)
      })
  }

  /// One position, and several, which become a convolution.
  @Test(arguments: 0..<30 as Range<UInt64>) func fullyConnected(seed: UInt64) throws {
    try check4(
      Problem(seed) { problem in
        let depth = problem.pick([1, 3, 16, 63, 64, 65, 200])
        let outputs = problem.pick([1, 2, 10, 16, 31, 100])
        let x = problem.input(problem.pick([[1, depth], [1, 3, depth], [1, 2, 2, depth]]))
        return try problem.applyWithClamp(
          FullyConnected(), x, problem.weights([outputs, depth], largest: 7), problem.bias(outputs))
      })
  }

  /// Other layers keep their eight bits, named or not.
  @Test func onlyWhatHasSuchAFormIsPacked() throws {
    var names: [String] = []
    var problem = try Problem(3) { problem in
      let x = problem.input([1, 6, 6, 8])
      var y = try problem.apply(Conv2D(), x, problem.weights([16, 1, 1, 8], largest: 7), problem.bias(16))
      y = try problem.apply(
        DepthwiseConv2D(), y, problem.weights([3, 3, 16], channelsLast: true), problem.bias(16))
      y = try problem.apply(Reshape(shape: [1, 256]), y)
      y = try problem.apply(FullyConnected(), y, problem.weights([10, 256]), problem.bias(10))
      names = problem.graph.nodes.map(\.name)
      return [y]
    }
    let example = problem.inputs()
    func codes(_ weights: WeightWidths, _ activations: ActivationWidths = .int8) throws -> [UInt32] {
      var options = CompileOptions()
      options.weights = weights
      options.activations = activations
      let model = try compile(
        problem.graph, calibration: CalibrationData(count: 1) { _ in example }, options: options,
        workers: Workers(count: 1))
      let runner = try ModelRunner(model.bytes)
      return (0..<runner.model.operatorCount).map { runner.model.operatorRecord($0).code }
    }
    let (convolution, fullyConnected) = (Conv2DInt4.code, FullyConnectedInt4.code)
    #expect(try codes(.int4) == [convolution, 2, fullyConnected])
    #expect(try codes(.int4Layers([names[0]])) == [convolution, 2, 3])
    #expect(try codes(.int4, .int16Layers([names[3]])) == [convolution, 2, 49, 42])
    #expect(throws: GraphError.self) { try codes(.int4Layers([names[1]])) }
    #expect(throws: GraphError.self) { try codes(.int4Layers(["nothing"])) }
    #expect(throws: GraphError.self) { try codes(.int8, .int16Layers(["nothing"])) }
    #expect(throws: GraphError.self) { try codes(.int4Layers([names[3]]), .int16Layers([names[3]])) }
  }
}

import Architectures
import Compiler
import Graph
import Testing

/// Whole networks, simulated and packed, answer alike, value for value: residuals, gates, tables, means.
@Suite struct SimulatedArchitecturesTests {
  @Test(
    arguments: [
      ("lenet-5", Size2D(28, 28), 0.5), ("resnet-20", Size2D(16, 16), 0.25),
      ("mlperftiny-ds-cnn", Size2D(49, 10), 0.25),
      ("mobilenetv3-small", Size2D(32, 32), 0.25),
    ])
  func answersAlike(_ name: String, _ size: Size2D, _ width: Double) throws {
    let known = try Architectures.named(name)
    var graph = try known.build(ArchitectureOptions(inputSize: size, classes: 10, width: width, seed: 3))
    let inputs = known.randomInputs(6, shape: graph[graph.inputs[0]].shape, seed: 4)
    try graph.measureStatistics(on: Array(inputs.prefix(4)))
    let quantized = try quantizeForTraining(graph, calibration: CalibrationData(Array(inputs.prefix(4))))
    let simulation = try quantized.simulatingQuantization()
    var options = CompileOptions()
    options.arena = .wholeTensors
    let packed = try compileQuantized(quantized.quantized(withWeightsOf: simulation), options: options)
    let runner = try ModelRunner(packed.bytes)
    let evaluator = Evaluator(simulation)
    var answers: Set<[Float]> = []
    for input in inputs {
      let (simulated, found) = (try evaluator.run([input])[0].values, try runner.run([input])[0].values)
      #expect(simulated == found)
      answers.insert(found)
    }
    #expect(answers.count > 3)
  }
}

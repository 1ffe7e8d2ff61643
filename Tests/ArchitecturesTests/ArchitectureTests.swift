import Architectures
import Graph
import Testing

@Suite struct ArchitectureTests {
  @Test("every architecture builds at its own size and gives its classes")
  func all() throws {
    var names: Set<String> = []
    for architecture in Architectures.all {
      let graph = try architecture.outline()
      let input = graph[graph.inputs[0]].shape
      if input.count == 4 {
        #expect(Array(input[1...2]) == [architecture.inputSize.height, architecture.inputSize.width])
      }
      #expect(input.last == architecture.inputChannels)
      #expect(graph[graph.outputs[0]].shape == [1, architecture.classes], "\(architecture.name)")
      #expect(architecture.preprocessing.mean.count == architecture.inputChannels)
      #expect(graph.nodes.count == Set(graph.nodes.map(\.name)).count, "\(architecture.name): node names differ")
      let parameters = graph.parameters.map(\.name)
      #expect(parameters.count == Set(parameters).count, "\(architecture.name): parameter names differ")
      #expect(names.insert(architecture.name).inserted)
      #expect(try Architectures.named(architecture.name.uppercased()).name == architecture.name)
    }
  }

  @Test("other sizes, classes and seeds")
  func options() throws {
    let architecture = try Architectures.named("MobileNetV2-0.35")
    let graph = try architecture.build(ArchitectureOptions(inputSize: Size2D(33, 47), classes: 7, seed: 1))
    #expect(graph[graph.outputs[0]].shape == [1, 7])
    let answer = try graph.evaluate(inputs: [Tensor(shape: [1, 33, 47, 3], repeating: 0.5)])[0]
    #expect(answer.values.allSatisfy { $0.isFinite } && Set(answer.values).count == 7)
    func stem(_ seed: UInt64) throws -> Tensor? {
      let graph = try architecture.build(ArchitectureOptions(seed: seed))
      return graph[graph.parameters[0].id].constant
    }
    #expect(try stem(1) == stem(1))
    #expect(try stem(1) != stem(2))
    #expect(throws: GraphError.self) { try architecture.build(ArchitectureOptions(classes: 0)) }
    #expect(throws: GraphError.self) { try architecture.build(ArchitectureOptions(inputSize: Size2D(0, 1 << 40))) }
    #expect(throws: GraphError.self) { try Architectures.named("LeNet-5").build(ArchitectureOptions(inputSize: .one)) }
  }

  @Test("initial weights have He's variance, or Xavier's", arguments: [WeightDistribution.he, .xavier])
  func initialization(_ distribution: WeightDistribution) throws {
    var options = ArchitectureOptions(seed: 3)
    options.distribution = distribution
    let graph = try Architectures.named("ResNet20").build(options)
    let last = try #require(graph.parameters.last { $0.role == .convolutionWeights })
    let values = try #require(graph[last.id].constant).values
    let variance = values.reduce(0) { $0 + $1 * $1 } / Float(values.count)
    // 36,864 uniform numbers: the variance's standard error is 0.5 %.
    let wanted: Float = distribution == .he ? 2 / (64 * 9) : 2 / (64 * 9 + 64 * 9)
    #expect(abs(variance / wanted - 1) < 0.02)
    #expect(abs(values.reduce(0, +) / Float(values.count)) < 0.001)
  }

  @Test("an unknown name lists the known ones")
  func unknown() {
    do throws(GraphError) {
      _ = try Architectures.named("Perceptron")
      Issue.record("no error")
    } catch {
      #expect(error.description.contains("Perceptron") && error.description.contains("EfficientNet-Lite0"))
    }
  }
}

import Architectures
import Graph
import Testing

/// The numbers of parameters are those that papers, libraries and model tables state (`Architecture.published`, with the
/// source): weights, biases, scales and shifts of normalizations; running means and variances only where the source counts
/// them.
@Suite struct ParameterCountTests {
  @Test("numbers of parameters are the published ones", arguments: Architectures.all.map(\.name))
  func published(name: String) throws {
    let architecture = try Architectures.named(name)
    guard let published = architecture.published else { return }
    let graph = try architecture.build(
      ArchitectureOptions(weights: .absent, forTraining: published.isOfTrainingForm))
    let count = graph.trainableCount + (published.countsStatistics ? graph.statisticCount : 0)
    #expect(count == published.count, "\(name): \(published.source)")
    #expect(!published.source.isEmpty)
  }

  /// Nobody states an exact number for these.
  @Test("only these have no published number")
  func unpublished() {
    let names = Architectures.all.filter { $0.published == nil }.map(\.name)
    #expect(
      names == [
        "SE-BN-Inception", "SqueezeNet-1.0-ComplexBypass", "SqueezeNet-1.1-ComplexBypass",
        "ResNet8-CIFAR", "MobileNetV2-0.35",
        "MobileNetV2-0.75",
      ])
  }

  @Test("an outline has the shapes and names of the network, but no weights")
  func outline() throws {
    let architecture = try Architectures.named("SqueezeNet-1.1")
    let (outline, network) = (try architecture.outline(), try architecture.build())
    #expect(outline.parameters.map(\.name) == network.parameters.map(\.name))
    #expect(outline.values.map(\.shape) == network.values.map(\.shape))
    #expect(outline.macs == network.macs)
    #expect(outline.values.allSatisfy { $0.constant == nil })
  }

  @Test("a width scales hidden channels to multiples of 8, not the classes")
  func width() throws {
    let graph = try Architectures.named("ResNet-50").build(ArchitectureOptions(width: 0.3, weights: .absent))
    let weights = graph.parameters.filter { $0.role == .convolutionWeights }.map { graph[$0.id].shape[0] }
    #expect(weights.allSatisfy { $0.isMultiple(of: 8) } && weights.first == 24 && weights.last == 616)
    #expect(graph[graph.outputs[0]].shape == [1, 1000])
    #expect(throws: GraphError.self) {
      try Architectures.named("ResNet-50").build(ArchitectureOptions(width: .nan, weights: .absent))
    }
  }
}

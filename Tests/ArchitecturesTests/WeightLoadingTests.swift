import Architectures
import Graph
import Testing

@Suite struct WeightLoadingTests {
  /// Tensors for every parameter in PyTorch's shapes, with different numbers everywhere.
  private func checkpoint(_ graph: Graph) -> [(name: String, tensor: Tensor)] {
    graph.parameters.enumerated().map { position, parameter in
      let shape = graph[parameter.id].shape
      let torch =
        switch parameter.role {
        case .convolutionWeights: [shape[0], shape[3], shape[1], shape[2]]
        case .depthwiseWeights: [shape[2], 1, shape[0], shape[1]]
        default: shape
        }
      let count = shape.reduce(1, *)
      return (
        parameter.name,
        Tensor(shape: torch, values: (0..<count).map { Float(($0 &* 37 &+ position &* 11) % 101) / 101 - 0.4 })
      )
    }
  }

  @Test("a convolution of a checkpoint computes what its definition over C×H×W says")
  func convolutionLayout() throws {
    var graph = try Architectures.named("LeNet-5").build()
    let tensors = checkpoint(graph)
    #expect(graph.loadWeights(tensors).isComplete)
    let image = Tensor(shape: [1, 28, 28, 1], values: (0..<784).map { Float($0 % 17) / 17 })
    var observed: [String: Tensor] = [:]
    _ = try graph.evaluate(inputs: [image]) { observed[graph[$0].name] = $1 }
    let pooled = try #require(observed["pool1"])
    let second = try #require(observed["conv2"])
    let weights = try #require(tensors.first { $0.name == "conv2.weight" }).tensor.values
    let bias = try #require(tensors.first { $0.name == "conv2.bias" }).tensor.values
    for (channel, y, x) in [(0, 0, 0), (7, 3, 9), (15, 9, 4)] {
      var sum = bias[channel]
      for input in 0..<6 {
        for ky in 0..<5 {
          for kx in 0..<5 {
            sum +=
              weights[((channel * 6 + input) * 5 + ky) * 5 + kx] * pooled.values[((y + ky) * 14 + x + kx) * 6 + input]
          }
        }
      }
      #expect(abs(second.values[(y * 10 + x) * 16 + channel] - sum) < 1e-4 * max(1, abs(sum)))
    }
  }

  @Test("a fully connected layer after an image reads it channel by channel")
  func flattenedLayout() throws {
    var graph = try Architectures.named("LeNet-5").build()
    let tensors = checkpoint(graph)
    graph.loadWeights(tensors)
    var observed: [String: Tensor] = [:]
    _ = try graph.evaluate(inputs: [Tensor(shape: [1, 28, 28, 1], values: (0..<784).map { Float($0 % 13) / 13 })]) {
      observed[graph[$0].name] = $1
    }
    let pooled = try #require(observed["pool2"])
    let answer = try #require(observed["fc1"])
    let weights = try #require(tensors.first { $0.name == "fc1.weight" }).tensor.values
    let bias = try #require(tensors.first { $0.name == "fc1.bias" }).tensor.values
    for feature in [0, 59, 119] {
      var sum = bias[feature]
      for channel in 0..<16 {
        for pixel in 0..<25 {
          sum += weights[feature * 400 + channel * 25 + pixel] * pooled.values[pixel * 16 + channel]
        }
      }
      #expect(abs(answer.values[feature] - sum) < 1e-4 * max(1, abs(sum)))
    }
  }

  @Test("depthwise weights: tap (y, x) of channel c")
  func depthwiseLayout() throws {
    var graph = try Architectures.named("MobileNetV2-0.35").build()
    let tensors = checkpoint(graph)
    #expect(graph.loadWeights(tensors).isComplete)
    let name = "features.2.conv.1.0.weight"
    let source = try #require(tensors.first { $0.name == name }).tensor
    let parameter = try #require(graph.parameters.first { $0.name == name })
    let loaded = try #require(graph[parameter.id].constant)
    let channels = source.shape[0]
    #expect(loaded.shape == [3, 3, channels])
    for (channel, y, x) in [(0, 0, 0), (channels - 1, 2, 1), (5, 1, 2)] {
      #expect(loaded.values[(y * 3 + x) * channels + channel] == source.values[(channel * 3 + y) * 3 + x])
    }
  }

  @Test("kernels of signals load without the axis of their one row")
  func signalLayout() throws {
    var graph = try Architectures.named("ECGNet").build()
    var tensors = checkpoint(graph)
    let place = try #require(tensors.firstIndex { $0.name == "block1.conv1.weight" })
    #expect(tensors[place].tensor.shape == [32, 32, 1, 5])
    tensors[place].tensor.shape = [32, 32, 5]
    #expect(graph.loadWeights(tensors).isComplete)
    let parameter = try #require(graph.parameters.first { $0.name == "block1.conv1.weight" })
    let loaded = try #require(graph[parameter.id].constant)
    #expect(loaded.shape == [32, 1, 5, 32])
    for (output, input, tap) in [(0, 0, 0), (31, 2, 4), (7, 30, 1)] {
      #expect(
        loaded.values[(output * 5 + tap) * 32 + input] == tensors[place].tensor.values[(output * 32 + input) * 5 + tap])
    }
  }

  @Test("a network's own tensors load as they are")
  func channelsLast() throws {
    let trained = try Architectures.named("LeNet-5").build(ArchitectureOptions(seed: 5))
    var graph = try Architectures.named("LeNet-5").build(ArchitectureOptions(seed: 6))
    let tensors = trained.parameters.map { (name: $0.name, tensor: trained[$0.id].constant!) }
    #expect(graph.loadWeights(tensors, layout: .channelsLast).isComplete)
    #expect(graph.parameters.map { graph[$0.id].constant } == trained.parameters.map { trained[$0.id].constant })
  }

  @Test("what does not match is listed, and the rest is loaded")
  func report() throws {
    var graph = try Architectures.named("LeNet-5").build()
    let before = graph.parameters.map { graph[$0.id].constant }
    var tensors = checkpoint(graph)
    tensors.removeAll { $0.name == "fc2.bias" }
    tensors.append(("extra.weight", Tensor(shape: [1])))
    tensors.append(("bn1.num_batches_tracked", Tensor(shape: [])))
    let place = try #require(tensors.firstIndex { $0.name == "fc3.weight" })
    tensors[place].tensor = Tensor(shape: [5, 84])
    let report = graph.loadWeights(tensors)
    #expect(report.missing == ["fc2.bias"])
    #expect(report.unexpected == ["extra.weight"])
    #expect(report.misshapen.map(\.name) == ["fc3.weight"])
    #expect(report.misshapen.map(\.expected) == [[10, 84]] && report.misshapen.map(\.found) == [[5, 84]])
    #expect(report.loaded.count == 8 && !report.isComplete)
    #expect(report.description.contains("fc3.weight is [5, 84] instead of [10, 84]"))
    #expect(throws: GraphError.self) { try report.requireAllLoaded(from: "weights.pth") }
    let after = graph.parameters.map { graph[$0.id].constant }
    #expect(
      zip(before, after).map { $0 == $1 } == [false, false, false, false, false, false, false, true, true, false])
  }
}

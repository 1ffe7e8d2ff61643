import Graph

/// How a checkpoint lays out its tensors.
public enum WeightLayout: Sendable {
  /// PyTorch's: convolutions OC×IC×KH×KW, depthwise C×1×KH×KW, and flattened images C×H×W.
  case channelsFirst
  /// The graph's own: OC×KH×KW×IC, KH×KW×C, H×W×C.
  case channelsLast
}

extension Graph {
  /// Gives each parameter the tensor of its name, laid out for the graph. Parameters without one that fits keep their
  /// values; the report lists them.
  @discardableResult
  public mutating func loadWeights(
    _ tensors: [(name: String, tensor: Tensor)], layout: WeightLayout = .channelsFirst
  ) -> WeightReport {
    var byName: [String: Tensor] = [:]
    for (name, tensor) in tensors { byName[name] = tensor }
    var report = WeightReport(network: name)
    for parameter in parameters {
      guard var tensor = byName.removeValue(forKey: parameter.name) else {
        report.missing.append(parameter.name)
        continue
      }
      let shape = self[parameter.id].shape
      let expected = layout == .channelsLast ? shape : parameter.role.channelsFirstShape(shape)
      if parameter.role.isOfSignal(tensor.shape, expected) { tensor.shape = expected }
      guard tensor.shape == expected else {
        report.misshapen.append(
          WeightReport.Misshapen(name: parameter.name, expected: expected, found: tensor.shape))
        continue
      }
      self[parameter.id].constant = layout == .channelsLast ? tensor : parameter.role.channelsLast(tensor, shape)
      report.loaded.append(parameter.name)
    }
    // The number of batches that a normalization was measured over has no use here.
    report.unexpected = tensors.map(\.name).filter { byName[$0] != nil && !$0.hasSuffix("num_batches_tracked") }
    return report
  }
}

extension Graph {
  /// The parameters under their names, laid out as PyTorch's checkpoints are: what `loadWeights` takes.
  public var checkpoint: [(name: String, tensor: Tensor)] {
    parameters.compactMap { parameter in
      self[parameter.id].constant.map { (parameter.name, parameter.role.channelsFirst($0)) }
    }
  }
}

extension Parameter.Role {
  /// PyTorch's layout of a parameter in the graph's.
  func channelsFirst(_ tensor: Tensor) -> Tensor {
    let shape = channelsFirstShape(tensor.shape)
    switch self {
    case .convolutionWeights:
      return permuted(tensor, [0, 3, 1, 2], as: shape)
    case .depthwiseWeights:
      return permuted(Tensor(shape: tensor.shape + [1], values: tensor.values), [2, 3, 0, 1], as: shape)
    case .fullyConnectedWeights(image: let image?):
      return permuted(Tensor(shape: [shape[0]] + image, values: tensor.values), [0, 3, 1, 2], as: shape)
    case .fullyConnectedWeights(image: nil), .bias, .scale, .statistic:
      return tensor
    }
  }

  /// PyTorch's shape of a parameter that has `shape` in the graph.
  func channelsFirstShape(_ shape: [Int]) -> [Int] {
    switch self {
    case .convolutionWeights: [shape[0], shape[3], shape[1], shape[2]]
    case .depthwiseWeights: [shape[2], 1, shape[0], shape[1]]
    case .fullyConnectedWeights, .bias, .scale, .statistic: shape
    }
  }

  /// Whether `shape` is that of a one-dimensional convolution (OC×IC×K) where a kernel of one row is expected.
  func isOfSignal(_ shape: [Int], _ expected: [Int]) -> Bool {
    guard self == .convolutionWeights || self == .depthwiseWeights, expected.count == 4, expected[2] == 1 else {
      return false
    }
    return shape == [expected[0], expected[1], expected[3]]
  }

  /// The graph's layout, of shape `shape`, of a tensor in PyTorch's.
  func channelsLast(_ tensor: Tensor, _ shape: [Int]) -> Tensor {
    switch self {
    case .convolutionWeights:
      return permuted(tensor, [0, 2, 3, 1], as: shape)
    case .depthwiseWeights:
      return permuted(tensor, [2, 3, 0, 1], as: shape)
    case .fullyConnectedWeights(image: let image?):
      let split = Tensor(shape: [shape[0], image[2], image[0], image[1]], values: tensor.values)
      return permuted(split, [0, 2, 3, 1], as: shape)
    case .fullyConnectedWeights(image: nil), .bias, .scale, .statistic:
      return tensor
    }
  }

  /// Output axis i is axis `permutation[i]` of the rank-4 tensor; the result gets `shape`.
  private func permuted(_ tensor: Tensor, _ permutation: [Int], as shape: [Int]) -> Tensor {
    let from = tensor.shape
    let fromStrides = [from[1] * from[2] * from[3], from[2] * from[3], from[3], 1]
    let sizes = permutation.map { from[$0] }
    let strides = permutation.map { fromStrides[$0] }
    let values = [Float](unsafeUninitializedCapacity: tensor.count) { output, count in
      tensor.values.withUnsafeBufferPointer { input in
        for a in 0..<sizes[0] {
          for b in 0..<sizes[1] {
            for c in 0..<sizes[2] {
              let start = a * strides[0] + b * strides[1] + c * strides[2]
              for d in 0..<sizes[3] {
                output.initializeElement(at: count, to: input[start + d * strides[3]])
                count += 1
              }
            }
          }
        }
      }
    }
    return Tensor(shape: shape, values: values)
  }
}

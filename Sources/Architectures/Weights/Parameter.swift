import Graph

/// A constant of a network that training changes, or that it measures.
public struct Parameter: Sendable {
  /// What a layer does with it.
  public enum Role: Hashable, Sendable {
    /// Conv2D weights, OC×KH×KW×IC.
    case convolutionWeights
    /// DepthwiseConv2D weights, KH×KW×C.
    case depthwiseWeights
    /// FullyConnected weights, M×K; `image` is H×W×C where K is a flattened image.
    case fullyConnectedWeights(image: [Int]?)
    /// What is added to each channel: a bias, or the shift of a normalization.
    case bias
    /// A normalization's factor for each channel.
    case scale
    /// A normalization's mean or variance: measured, not trained.
    case statistic
  }

  /// Where it is in the graph.
  public var id: ValueID
  /// As in checkpoints.
  public var name: String
  /// What the layer does with it.
  public var role: Role

  /// Ends the names of constants that are part of the structure, such as a bias that a checkpoint lacks.
  static let fixedSuffix = ".bias (fixed at 0)"
  /// Ends the names of other constants of the structure.
  static let fixedMark = " (fixed)"
}

extension Parameter {
  /// Whether a constant of this name is part of an architecture's structure: training leaves it as it is.
  public static func isFixed(_ name: String) -> Bool { name.hasSuffix(fixedSuffix) || name.hasSuffix(fixedMark) }
}

extension Graph {
  /// The parameters in execution order, those of a network without weights, too; fixed constants of the structure are
  /// left out.
  public var parameters: [Parameter] {
    var producers: [ValueID: Node] = [:]
    var seen: Set<ValueID> = []
    var result: [Parameter] = []
    for node in nodes {
      for output in node.outputs { producers[output] = node }
      for (position, id) in node.inputs.enumerated() {
        guard producers[id] == nil, !inputs.contains(id), !Parameter.isFixed(self[id].name),
          let role = role(of: position, in: node, producers),
          seen.insert(id).inserted
        else { continue }
        result.append(Parameter(id: id, name: self[id].name, role: role))
      }
    }
    return result
  }

  /// Numbers that training changes: what papers and model cards call the number of parameters.
  public var trainableCount: Int { count { $0.role != .statistic } }

  /// Numbers that training measures: means and variances of batch normalizations.
  public var statisticCount: Int { count { $0.role == .statistic } }

  private func count(_ isCounted: (Parameter) -> Bool) -> Int {
    parameters.reduce(0) { $0 + (isCounted($1) ? self[$1.id].shape.reduce(1, *) : 0) }
  }

  private func role(of position: Int, in node: Node, _ producers: [ValueID: Node]) -> Parameter.Role? {
    switch (node.operation, position) {
    case (is Conv2D, 1): return .convolutionWeights
    case (is DepthwiseConv2D, 1): return .depthwiseWeights
    case (is FullyConnected, 1):
      guard let flatten = producers[node.inputs[0]], flatten.operation is Reshape else {
        return .fullyConnectedWeights(image: nil)
      }
      let shape = self[flatten.inputs[0]].shape
      let isImage = shape.count == 4 && shape[1] * shape[2] > 1
      return .fullyConnectedWeights(image: isImage ? Array(shape[1...]) : nil)
    case (is Conv2D, 2), (is DepthwiseConv2D, 2), (is FullyConnected, 2), (is BatchNormalization, 2): return .bias
    case (is BatchNormalization, 1): return .scale
    case (is BatchNormalization, 3), (is BatchNormalization, 4): return .statistic
    default: return nil
    }
  }
}

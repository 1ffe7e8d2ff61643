import Graph

/// Squeeze-and-excitation (Hu et al., 2018): each channel is multiplied by a number that two layers compute from the
/// means of all channels.
struct SqueezeAndExcitation {
  /// Channels between the two layers.
  var reduced: Int
  var activation: Activation.Function = .relu
  var gate: Activation.Function = .sigmoid
}

extension NetworkBuilder {
  /// The layers are 1×1 convolutions with bias, called `reduce` and `expand`.
  mutating func squeezeAndExcitation(
    _ x: ValueID, _ block: SqueezeAndExcitation, reduce: String, expand: String
  ) throws(GraphError) -> ValueID {
    var gate = try globalAveragePool(x, name: "\(reduce).pool")
    gate = try convolution(reduce, gate, channels: block.reduced, kernel: 1, hasBias: true)
    gate = try activation(block.activation, gate, name: "\(reduce).activation")
    gate = try convolution(expand, gate, channels: depth(x), kernel: 1, hasBias: true)
    gate = try activation(block.gate, gate, name: "\(expand).gate")
    return try apply(Multiply(), x, gate, name: "\(expand).multiply")
  }
}

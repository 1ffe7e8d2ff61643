import Graph

/// The inverted residual block of MobileNets and EfficientNets: expand by 1×1, depthwise, optionally squeeze and
/// excite, project by 1×1, and add the input where the shapes allow it.
struct InvertedResidual {
  /// Channels between; those of the input mean that there is no expansion.
  var expanded: Int
  /// Channels of the result.
  var channels: Int
  var kernel: Int
  var stride: Int
  var padding: Padding = .half
  var activation: Activation.Function = .relu6
  /// nil: none.
  var excitation: SqueezeAndExcitation?
}

/// What the parts of an inverted residual block are called in checkpoints.
struct InvertedResidualNames {
  let block: String
  let expand: LayerNames
  let depthwise: LayerNames
  let excite: (reduce: String, expand: String)
  let project: LayerNames

  /// torchvision's MobileNetV2: "X.0.0", "X.1.0", "X.2", "X.3".
  init(sequence name: String, isExpanding: Bool) {
    let first = isExpanding ? 1 : 0
    block = name
    expand = .sequence("\(name).0")
    depthwise = .sequence("\(name).\(first)")
    excite = ("", "")
    project = LayerNames(convolution: "\(name).\(first + 1)", normalization: "\(name).\(first + 2)")
  }

  /// torchvision's MobileNetV3 and EfficientNet: "X.0", "X.1" and so on, each a sequence.
  init(modules name: String, isExpanding: Bool, isExcited: Bool) {
    let first = isExpanding ? 1 : 0
    block = name
    expand = .sequence("\(name).0")
    depthwise = .sequence("\(name).\(first)")
    excite = ("\(name).\(first + 1).fc1", "\(name).\(first + 1).fc2")
    project = .sequence("\(name).\(first + (isExcited ? 2 : 1))")
  }

  /// The PyTorch ports of EfficientNet: "X._expand_conv", "X._bn0".
  init(efficientNet name: String) {
    block = name
    expand = LayerNames(convolution: "\(name)._expand_conv", normalization: "\(name)._bn0")
    depthwise = LayerNames(convolution: "\(name)._depthwise_conv", normalization: "\(name)._bn1")
    excite = ("\(name)._se_reduce", "\(name)._se_expand")
    project = LayerNames(convolution: "\(name)._project_conv", normalization: "\(name)._bn2")
  }
}

extension Activation.Function {
  /// min(6, max(0, x)).
  static let relu6 = Activation.Function.clip(low: 0, high: 6)
}

extension NetworkBuilder {
  mutating func invertedResidual(
    _ input: ValueID, _ names: InvertedResidualNames, _ block: InvertedResidual
  ) throws(GraphError) -> ValueID {
    var x = input
    if block.expanded != depth(input) {
      x = try layer(names.expand, x, channels: block.expanded, kernel: 1, activation: block.activation)
    }
    x = try depthwiseLayer(
      names.depthwise, x, kernel: block.kernel, stride: block.stride, padding: block.padding,
      activation: block.activation)
    if let excitation = block.excitation {
      x = try squeezeAndExcitation(x, excitation, reduce: names.excite.reduce, expand: names.excite.expand)
    }
    x = try layer(names.project, x, channels: block.channels, kernel: 1, activation: nil)
    guard block.stride == 1, depth(input) == block.channels else { return x }
    return try add(x, input, name: "\(names.block).add")
  }
}

import Graph

/// The residual blocks of He et al. (2015), with the variations of ResNeXt (groups), wide networks and
/// squeeze-and-excitation.
struct ResidualBlock {
  enum Kind {
    /// Two 3×3 convolutions.
    case basic
    /// 1×1, 3×3, and 1×1 to four times the channels.
    case bottleneck
  }

  var kind: Kind
  /// Groups of the 3×3 convolution of a bottleneck.
  var groups = 1
  /// Channels a group where the stage has 64 channels.
  var groupWidth = 64
  /// Whether the channels are excited before the addition, with sixteen times fewer between.
  var isExcited = false
  /// Whether a bottleneck strides in its first convolution (the paper) instead of its second (torchvision).
  var stridesFirst = false

  /// Channels of the result relative to the stage's.
  var expansion: Int { kind == .basic ? 1 : 4 }
}

extension NetworkBuilder {
  /// Blocks `name.0`, `name.1`, …; the first one strides. `channels` are the stage's, before expansion.
  mutating func residualStage(
    _ name: String, _ input: ValueID, _ block: ResidualBlock, channels: Int, count: Int, stride: Int
  ) throws(GraphError) -> ValueID {
    var x = input
    for position in 0..<count {
      x = try residualBlock("\(name).\(position)", x, block, channels: channels, stride: position == 0 ? stride : 1)
    }
    return x
  }

  private mutating func residualBlock(
    _ name: String, _ input: ValueID, _ block: ResidualBlock, channels: Int, stride: Int
  ) throws(GraphError) -> ValueID {
    var x = input
    let result = self.channels(channels * block.expansion)
    switch block.kind {
    case .basic:
      x = try layer(.member(name, 1), x, channels: self.channels(channels), kernel: 3, stride: stride)
      x = try layer(.member(name, 2), x, channels: result, kernel: 3, activation: nil)
    case .bottleneck:
      let inner = self.channels(channels * block.groupWidth / 64 * block.groups)
      let strides = block.stridesFirst ? (stride, 1) : (1, stride)
      x = try layer(.member(name, 1), x, channels: inner, kernel: 1, stride: strides.0)
      x = try layer(.member(name, 2), x, channels: inner, kernel: 3, stride: strides.1, groups: block.groups)
      x = try layer(.member(name, 3), x, channels: result, kernel: 1, activation: nil)
    }
    if block.isExcited {
      x = try squeezeAndExcitation(
        x, SqueezeAndExcitation(reduced: max(1, result / 16)), reduce: "\(name).se_module.fc1",
        expand: "\(name).se_module.fc2")
    }
    var shortcut = input
    if stride != 1 || depth(input) != result {
      shortcut = try layer(
        .sequence("\(name).downsample"), input, channels: result, kernel: 1, stride: stride, activation: nil)
    }
    x = try add(x, shortcut, name: "\(name).add")
    return try relu(x, name: "\(name).relu")
  }
}

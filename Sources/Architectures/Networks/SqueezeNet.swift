import Graph

/// SqueezeNet (Iandola et al., 2016) with parameters named and images padded as in torchvision.
public struct SqueezeNet: Architecture {
  /// 1.1 needs 2.4 times less computation than 1.0.
  public enum Version: String, CaseIterable, Sendable {
    /// As in the paper.
    case first = "1.0"
    /// Of the authors' repository.
    case second = "1.1"
  }

  /// Connections around fire modules (section 6 of the paper).
  public enum Bypass: String, CaseIterable, Sendable {
    /// None.
    case none = ""
    /// An addition where a module keeps the number of channels.
    case simple = "-SimpleBypass"
    /// Besides, an addition through a 1×1 convolution (`bypass2.weight`) where it does not.
    case complex = "-ComplexBypass"
  }

  /// Every network that can be built by name.
  public static let all = Version.allCases.flatMap { version in
    Bypass.allCases.map { SqueezeNet(version, bypass: $0) }
  }

  private let version: Version
  private let bypass: Bypass

  /// One of the two versions, with bypasses or without.
  public init(_ version: Version, bypass: Bypass = .none) {
    self.version = version
    self.bypass = bypass
  }

  /// "SqueezeNet-1.1", "SqueezeNet-1.0-SimpleBypass".
  public var name: String { "SqueezeNet-\(version.rawValue)\(bypass.rawValue)" }
  /// torchvision's name.
  public var aliases: [String] {
    bypass == .none ? ["squeezenet\(version.rawValue.replacing(".", with: "_"))"] : []
  }
  /// torchvision's documentation; pytorchcv's README for the simple bypass, which has no parameters. For the complex one
  /// the paper states a size of 7.7 MB, which no bypass by 1×1 convolutions alone explains.
  public var published: PublishedCount? {
    let count = version == .first ? 1_248_424 : 1_235_496
    return switch bypass {
    case .none: .torchvision(count)
    case .simple: PublishedCount(count, "pytorchcv's README (SqueezeResNet)")
    case .complex: nil
    }
  }

  /// The network.
  /// - Throws: `GraphError` when the image is too small or the options are out of range.
  public func build(_ options: ArchitectureOptions) throws(GraphError) -> Graph {
    var builder = try NetworkBuilder(self, options)
    let isFirst = version == .first
    var x = builder.input()
    x = try builder.convolution(
      "features.0", x, channels: builder.channels(isFirst ? 96 : 64), kernel: isFirst ? 7 : 3, stride: 2,
      padding: .none, hasBias: true)
    x = try builder.relu(x, name: "features.1")
    // Places of the pools among torchvision's numbered features.
    let pools: Set = isFirst ? [2, 6, 11] : [2, 5, 8]
    var place = 2
    for fire in 0..<8 {
      if pools.contains(place) {
        x = try builder.maxPool(x, window: 3, stride: 2, roundsUp: true, name: "features.\(place)")
        place += 1
      }
      x = try appendFire(place, fire + 2, x, squeeze: 16 * (fire / 2 + 1), &builder)
      place += 1
    }
    x = try builder.convolution("classifier.1", x, channels: builder.classes, kernel: 1, hasBias: true)
    x = try builder.relu(x, name: "classifier.2")
    x = try builder.globalAveragePool(x, name: "classifier.3")
    return builder.finish(try builder.apply(Reshape(shape: [1, builder.classes]), x, name: "flatten"))
  }

  /// Squeeze to few channels, then 1×1 and 3×3 convolutions side by side to four times as many each.
  private func appendFire(
    _ place: Int, _ number: Int, _ input: ValueID, squeeze: Int, _ builder: inout NetworkBuilder
  ) throws(GraphError) -> ValueID {
    let name = "features.\(place)"
    var x = try builder.convolution(
      "\(name).squeeze", input, channels: builder.channels(squeeze), kernel: 1, hasBias: true)
    x = try builder.relu(x, name: "\(name).squeeze_activation")
    var parts: [ValueID] = []
    for (kernel, part) in [(1, "expand1x1"), (3, "expand3x3")] {
      let y = try builder.convolution(
        "\(name).\(part)", x, channels: builder.channels(4 * squeeze), kernel: kernel, hasBias: true)
      parts.append(try builder.relu(y, name: "\(name).\(part)_activation"))
    }
    x = try builder.concat(parts, name: "\(name).concat")
    if bypass == .none { return x }
    if number.isMultiple(of: 2) {
      guard bypass == .complex else { return x }
      let around = try builder.convolution(
        "bypass\(number)", input, channels: builder.depth(x), kernel: 1, hasBias: true)
      return try builder.add(x, around, name: "\(name).add")
    }
    return try builder.add(x, input, name: "\(name).add")
  }
}

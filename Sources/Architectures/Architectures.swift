import Graph

/// The architectures that can be built by name.
public enum Architectures {
  /// Every one, by family.
  public static let all: [any Architecture] = families.flatMap { $0 }

  private static let families: [[any Architecture]] = [
    LeNet5.all, AlexNet.all, ZFNet.all, NiN.all, VGG.all, GoogLeNet.all, BNInception.all, InceptionV3.all,
    InceptionV4.all, InceptionResNet.all, Xception.all, SqueezeNet.all, ResNetCIFAR.all, ResNet.all,
    PreActivationResNet.all, DenseNet.all, DarkNet19.all, HRNet.all, MobileNetV1.all, MobileNetV2.all,
    MobileNetV3.all, ShuffleNetV1.all, ShuffleNetV2.all, EfficientNetLite.all, EfficientNet.all, MLPerfTiny.all,
    EEGNet.all, ECGNet.all,
  ]

  /// The architecture of this name or alias; case, hyphens, underscores, dots and spaces do not matter.
  /// - Throws: `GraphError` that lists the known names.
  public static func named(_ name: String) throws(GraphError) -> any Architecture {
    let wanted = normalized(name)
    for architecture in all where normalized(architecture.name) == wanted { return architecture }
    for architecture in all where architecture.aliases.contains(where: { normalized($0) == wanted }) {
      return architecture
    }
    throw GraphError(
      "there is no architecture called \(name); the known ones are \(all.map(\.name).joined(separator: ", ")).")
  }

  private static func normalized(_ name: String) -> String {
    name.lowercased().filter { !"-_ .".contains($0) }
  }
}

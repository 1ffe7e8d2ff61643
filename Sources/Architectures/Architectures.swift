import Graph

/// The architectures that can be built by name.
public enum Architectures {
  /// Every one, smallest family first.
  public static let all: [any Architecture] =
    [LeNet5()]
    + [8, 20, 32, 44, 56, 110].map { ResNetCIFAR(depth: $0) }
    + [0.35, 0.5, 0.75, 1.0, 1.4].map { MobileNetV2(width: $0) }
    + EfficientNetLite.Variant.allCases.map { EfficientNetLite($0) }

  /// The architecture of this name or alias; case, hyphens, underscores and spaces do not matter.
  /// - Throws: `GraphError` that lists the known names.
  public static func named(_ name: String) throws(GraphError) -> any Architecture {
    let wanted = normalized(name)
    for architecture in all
    where ([architecture.name] + architecture.aliases).contains(where: { normalized($0) == wanted }) {
      return architecture
    }
    throw GraphError(
      "there is no architecture called \(name); the known ones are \(all.map(\.name).joined(separator: ", ")).")
  }

  private static func normalized(_ name: String) -> String {
    name.lowercased().filter { !"-_ ".contains($0) }
  }
}

/// From a data set's labels to a network's outputs.
public struct ClassMapping: Sendable, Equatable {
  /// How labels and outputs were matched.
  public enum Rule: String, Sendable {
    case byName = "by name"
    case byIndex = "by index"
  }

  /// How they were matched.
  public let rule: Rule
  /// The output of each label; empty where labels are output indices themselves.
  let outputs: [Int]

  /// The output that stands for `label`.
  public func output(ofLabel label: Int) -> Int {
    outputs.indices.contains(label) ? outputs[label] : label
  }

  /// Matches a data set's class names with a network's labels, by name if at least half of them occur there, else by
  /// index. Throws where the names match only partly, or there are more classes than outputs.
  ///
  /// Names match without regard to case, spaces, hyphens and underscores. A network's label such as
  /// `n01440764 tench, Tinca tinca` is matched by its whole text, by the identifier, or by any of the names.
  public init(_ dataset: Dataset, labels: [String], outputCount: Int) throws(DatasetError) {
    let names = dataset.classNames
    guard !dataset.labelsAreOutputIndices else {
      (rule, outputs) = (.byIndex, [])
      return
    }
    var outputOfName: [String: Int] = [:]
    for (output, label) in labels.enumerated() {
      for spelling in Self.spellings(label) where outputOfName[spelling] == nil { outputOfName[spelling] = output }
    }
    let found = names.map { outputOfName[Self.plain($0)] }
    let unknown = zip(names, found).filter { $0.1 == nil }.map(\.0)
    if !names.isEmpty, unknown.count * 2 <= names.count {
      guard unknown.isEmpty else {
        throw DatasetError(
          "The network has no label for the classes " + unknown.prefix(5).joined(separator: ", ")
            + (unknown.count > 5 ? ", …" : "") + ": rename or remove their folders.")
      }
      (rule, outputs) = (.byName, found.compactMap(\.self))
      return
    }
    guard names.count <= outputCount else {
      throw DatasetError("The data set has \(names.count) classes, but the network only \(outputCount) outputs.")
    }
    (rule, outputs) = (.byIndex, Array(names.indices))
  }

  private static func plain(_ name: some StringProtocol) -> String {
    String(name.lowercased().filter { $0.isLetter || $0.isNumber })
  }

  private static func spellings(_ label: String) -> [String] {
    let parts = label.split(separator: " ", maxSplits: 1)
    var spellings = [plain(label)] + label.split(separator: ",").map(plain)
    if parts.count == 2, let first = parts[0].first, first == "n", parts[0].dropFirst().allSatisfy(\.isNumber) {
      spellings += [plain(parts[0]), plain(parts[1])] + parts[1].split(separator: ",").map(plain)
    }
    return spellings
  }
}

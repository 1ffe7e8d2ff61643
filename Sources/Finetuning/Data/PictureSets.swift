import Datasets
import Graph

/// The pictures of a folder for finetuning: those to learn from, and, where the folder has two halves, those to validate with.
public struct PictureSets: Sendable {
  /// To learn from (and, without another half, to hold some back from).
  public let training: Dataset
  /// A half of its own, or nil.
  public let validation: Dataset?
  /// Names of the classes: of the folders, or the numbers of labels.
  public let classNames: [String]

  /// - Throws: `DatasetError` when the folder cannot be read; `FinetuneError` when it has no labels or a single class.
  public init(_ path: String) throws {
    training = try Dataset.open(path, split: .training)
    let other = try Dataset.open(path, split: .test)
    validation = other.count == training.count && other.name(0) == training.name(0) ? nil : other
    guard training.isLabelled else {
      throw FinetuneError("\(path) has no labels: use a sub-folder for each class, or a labels.csv beside the pictures")
    }
    let dataset = training
    if dataset.classNames.isEmpty {
      let largest = (0..<dataset.count).compactMap { dataset.label($0) }.max() ?? 0
      guard largest < 4096 else {
        throw FinetuneError("\(path) has labels up to \(largest); a head has at most 4096 classes")
      }
      classNames = (0...largest).map(String.init)
    } else {
      classNames = dataset.classNames
    }
    guard classNames.count >= 2 else {
      throw FinetuneError(
        "\(path) has pictures of one class only, \(classNames.first ?? ""): a classifier needs at least two; add a folder "
          + "of what the class is to be told from")
    }
  }

  /// The class of a label of the validation half; nil for one whose name the other half does not have.
  public func validationClass(_ label: Int) -> Int? {
    guard let validation, !validation.classNames.isEmpty else { return label < classNames.count ? label : nil }
    return classNames.firstIndex(of: validation.classNames[label])
  }

  /// Items of the training half, at most `limit` of each class, which the seed decides.
  public func items(perClass limit: Int?, seed: UInt64) -> Set<Int> {
    guard let limit else { return Set(0..<training.count) }
    var random = SplitMix64(seed: seed)
    var taken: Set<Int> = []
    var counts: [Int: Int] = [:]
    for index in random.permutation(training.count) {
      guard let label = training.label(index), counts[label, default: 0] < limit else { continue }
      counts[label, default: 0] += 1
      taken.insert(index)
    }
    return taken
  }
}

/// Pictures that occur twice, by the bytes that the network gets.
public struct Duplicates: Sendable, Equatable {
  /// A picture to learn from that is also one to validate with: names of both.
  public var acrossSplits: [[String]] = []
  /// The same picture in two classes: names of both.
  public var acrossClasses: [[String]] = []

  /// Compares items by their keys.
  /// - Parameters:
  ///   - training: name, class and key of each item to learn from.
  ///   - validation: likewise of each held back.
  public init(
    training: [(name: String, label: Int, key: InputKey)], validation: [(name: String, label: Int, key: InputKey)]
  ) {
    // Of each class the first picture.
    var seen: [InputKey: [(name: String, label: Int)]] = [:]
    for item in training {
      let others = seen[item.key] ?? []
      guard !others.contains(where: { $0.label == item.label }) else { continue }
      if let other = others.first { acrossClasses.append([other.name, item.name]) }
      seen[item.key] = others + [(item.name, item.label)]
    }
    for item in validation {
      let others = seen[item.key] ?? []
      if let other = others.first(where: { $0.label == item.label }) {
        acrossSplits.append([other.name, item.name])
      } else if let other = others.first {
        acrossClasses.append([other.name, item.name])
      }
    }
  }
}

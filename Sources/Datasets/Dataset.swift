import Archives
import Foundation

/// Labelled pictures or arrays in a fixed order. Reading an item decodes it; nothing is kept. Safe to use from several
/// threads.
public struct Dataset: Sendable {
  /// One input.
  public struct Item: Sendable {
    /// The picture or array.
    public var content: Content
    /// Index of its class in `classNames` or, where these are empty, in the network's outputs; nil without a label.
    public var label: Int?
    /// Its file, or the file and the number in it.
    public var name: String
  }

  /// What an input is.
  public enum Content: Sendable, Equatable {
    /// A picture, still to be preprocessed.
    case image(Image)
    /// Numbers that the network takes as they are. `shape` is without the batch: height × width × channels or less.
    case tensor(shape: [Int], values: [Float])
    /// Bytes that the network takes as they are: pixels (height × width × channels) or int8 values of a quantized input.
    case bytes([UInt8])
  }

  /// Which half of a set that has a training and a test half.
  public enum Split: String, Sendable, CaseIterable {
    case training
    case test
  }

  private let source: any ItemSource

  /// What it is, for messages, such as "image folder".
  public var kind: String { source.kind }
  /// Number of items, at least 1.
  public var count: Int { source.count }
  /// Names of classes by label; empty where only numbers are known.
  public var classNames: [String] { source.classNames }
  /// Whether labels are indices of the network's outputs already (a label list, MNIST, CIFAR-10), not the order of
  /// class folders.
  public var labelsAreOutputIndices: Bool { source.labelsAreOutputIndices }
  /// Whether items have labels.
  public var isLabelled: Bool { source.label(0) != nil }

  init(_ source: any ItemSource) { self.source = source }

  /// Item `index`, decoded; throws a sentence with the file where that fails.
  public func item(_ index: Int) throws(DatasetError) -> Item {
    Item(content: try source.content(index), label: source.label(index), name: source.name(index))
  }

  /// The label of item `index` without decoding it.
  public func label(_ index: Int) -> Int? { source.label(index) }

  /// The name of item `index` without decoding it.
  public func name(_ index: Int) -> String { source.name(index) }
}

/// A kind of data set.
protocol ItemSource: Sendable {
  var kind: String { get }
  var count: Int { get }
  var classNames: [String] { get }
  var labelsAreOutputIndices: Bool { get }
  func content(_ index: Int) throws(DatasetError) -> Dataset.Content
  func label(_ index: Int) -> Int?
  func name(_ index: Int) -> String
}

/// The archive reader's sentence as this module's error.
func rethrowing<Result>(_ body: () throws(ArchiveError) -> Result) throws(DatasetError) -> Result {
  do throws(ArchiveError) {
    return try body()
  } catch {
    throw DatasetError(error.description)
  }
}

import Compiler
import Datasets
import Foundation
import Graph
import Martlet

/// Reads the features of data sets from a packed network, each input once.
public struct FeatureGatherer {
  /// What is read.
  public let point: FeaturePoint
  /// How features are quantized.
  public let quantization: Quantization
  /// The network up to the features: a packed model whose output they are.
  public let network: [UInt8]
  private let extractors: Pool<FeatureExtractor>
  private let cache: FeatureCache?
  private let rules: Preprocessing?
  private let threads: Int

  /// Which items could not be read.
  public struct Unreadable: Sendable {
    /// The item's file.
    public var name: String
    /// Why.
    public var reason: String
  }

  /// What came of a data set.
  public struct Gathered: Sendable {
    /// The features, items in the data set's order, an item's variants one after the other.
    public var features: FeatureSet
    /// Items left out.
    public var unreadable: [Unreadable] = []
    /// The input of each item as it is, by which duplicates are found.
    public var keys: [Int: InputKey] = [:]
    /// Inputs that the network was run on; the others were in the cache.
    public var computed = 0
  }

  /// - Parameters:
  ///   - backbone: the packed network.
  ///   - point: the tensor whose values are the features.
  ///   - rules: how pictures become its input.
  ///   - cachePath: where features are kept, or nil.
  ///   - calibration: items from which the scale of averaged features is taken: the first 32 that can be read.
  ///   - threads: how many pictures are read and prepared at once.
  /// - Throws: `FinetuneError`, `GraphError` when the network is refused or cannot be cut there.
  public init(
    _ backbone: [UInt8], at point: FeaturePoint, rules: Preprocessing?, cachePath: String?, calibration: Dataset,
    threads: Int = 2
  ) throws {
    self.point = point
    self.rules = rules
    self.threads = threads
    let identity = backbone.withUnsafeBytes { BackboneIdentity($0.loadUnaligned(as: Header.self)) }
    let whole = try graft(nil, onto: backbone, at: point.tensor)
    func measured() throws -> Quantization {
      point.isPooled ? try pooledQuantization(FeatureExtractor(whole), point, rules, calibration) : point.quantization
    }
    if let cachePath {
      let subject = FeatureCache.Subject(backbone: identity, tensor: point.tensor, featureCount: point.channels)
      let cache = try FeatureCache(cachePath, subject) {
        let rule = try measured()
        return (rule.scale, rule.zeroPoint)
      }
      self.cache = cache
      quantization = Quantization(scale: cache.scale, zeroPoint: cache.zeroPoint)
    } else {
      cache = nil
      quantization = try measured()
    }
    network =
      point.isPooled
      ? try graft(poolingGraph(point, quantization), onto: backbone, at: point.tensor) : whole
    extractors = Pool(try [Int](0..<threads).map { [network] _ in try FeatureExtractor(network) })
  }

  /// Bytes of the arenas of all threads.
  public var arenaBytes: Int { extractors.elements.reduce(0) { $0 + $1.arenaBytes } }

  /// The features of a labelled data set.
  /// - Parameters:
  ///   - dataset: where the items are.
  ///   - items: the items' numbers; nil: all.
  ///   - classNames: the classes that `label` numbers.
  ///   - label: the class of an item's label, or nil to leave it out.
  ///   - variants: how often each picture is seen; the first time as it is.
  ///   - seed: of the changes that later views see.
  ///   - progress: told of the items done; what it throws ends the work, and the cache keeps what was done.
  /// - Throws: `FinetuneError` when over a tenth of the items cannot be read, or the cache cannot be written.
  public func gather(
    _ dataset: Dataset, items: Set<Int>? = nil, classNames: [String], label: (Int) -> Int?, variants: Int = 1,
    seed: UInt64 = 1,
    progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> Gathered {
    let indices = (0..<dataset.count).filter {
      items?.contains($0) != false && dataset.label($0).flatMap(label) != nil
    }
    var gathered = Gathered(
      features: FeatureSet(
        featureCount: point.channels, scale: quantization.scale, zeroPoint: quantization.zeroPoint,
        classNames: classNames))
    let known = cache?.known ?? [:]
    let (rules, extractors) = (rules, extractors)
    try dataset.prefetch(indices, threads: threads) { item -> [Seen] in
      try (0..<variants).compactMap { number in
        guard number == 0 || item.content.isImage else { return nil }
        let input = try NetworkInput(item.content.variant(number, seed: seed &+ nameHash(item.name)), rules)
        let key = InputKey(input)
        if let features = known[key] { return Seen(key: key, features: features, isNew: false) }
        return Seen(key: key, features: try extractors.with { try $0.features(input) }, isNew: true)
      }
    } attempt: { number, result in
      let index = indices[number]
      switch result {
      case .success(let seen):
        guard let label = dataset.label(index).flatMap(label) else { return }
        for one in seen {
          gathered.features.append(one.features, label: label, item: index)
          guard one.isNew else { continue }
          gathered.computed += 1
          try cache?.append(one.key, one.features)
        }
        gathered.keys[index] = seen[0].key
      case .failure(let error as DatasetError):
        gathered.unreadable.append(Unreadable(name: dataset.name(index), reason: error.description))
        guard gathered.unreadable.count * 10 <= indices.count else { throw tooMany(gathered, indices.count) }
      case .failure(let error): throw error
      }
      try progress(number + 1, indices.count)
    }
    return gathered
  }

  private func tooMany(_ gathered: Gathered, _ count: Int) -> FinetuneError {
    FinetuneError(
      "more than a tenth of the \(count) pictures cannot be read, among them \(gathered.unreadable[0].name) "
        + "(\(gathered.unreadable[0].reason)): repair or remove them")
  }
}

/// The features of one variant of an item.
private struct Seen: Sendable {
  var key: InputKey
  var features: [Int8]
  var isNew: Bool
}

extension Dataset.Content {
  fileprivate var isImage: Bool {
    if case .image = self { return true }
    return false
  }

  fileprivate func variant(_ number: Int, seed: UInt64) -> Dataset.Content {
    guard case .image(let image) = self else { return self }
    return .image(image.variant(number, seed: seed))
  }
}

/// A hash of the last part of a path, so that a folder may move.
func nameHash(_ path: String) -> UInt64 { FowlerNollVoHash((path.split(separator: "/").last ?? "").utf8).value }

/// The range of the mean over the pixels, in the first 32 items that can be read.
private func pooledQuantization(
  _ extractor: FeatureExtractor, _ point: FeaturePoint, _ rules: Preprocessing?, _ dataset: Dataset
) throws -> Quantization {
  var (least, largest, seen): (Float, Float, Int) = (0, 0, 0)
  let pixels = point.height * point.width
  // From all over the set: folders come class by class.
  let step = max(1, dataset.count / 32)
  for index in stride(from: 0, to: dataset.count, by: step) where seen < 32 {
    guard let item = try? dataset.item(index) else { continue }
    let values = try extractor.features(NetworkInput(item.content, rules))
    for channel in 0..<point.channels {
      var sum = 0
      for pixel in 0..<pixels {
        sum += Int(values[pixel * point.channels + channel]) - Int(point.quantization.zeroPoint)
      }
      let mean = Float(sum) / Float(pixels) * point.quantization.scale
      (least, largest) = (min(least, mean), max(largest, mean))
    }
    seen += 1
  }
  guard seen > 0 else {
    throw FinetuneError("none of the pictures can be read: check that they are JPEG, PNG, BMP or PPM")
  }
  let scale = max((largest - least) / 255, 0x1p-60)
  return Quantization(scale: scale, zeroPoint: Int32(max(-128, min(127, (-128 - least / scale).rounded()))))
}

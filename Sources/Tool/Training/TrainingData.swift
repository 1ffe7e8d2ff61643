import Architectures
import Datasets
import Foundation
import Graph
import Training

/// Where a command finds pictures to train on.
struct TrainingData {
  let path: String
  /// How pictures become inputs.
  let rules: Preprocessing
  /// The network's outputs.
  let classes: Int

  /// Pictures for a network by the rules of its architecture.
  /// - Throws: a sentence when it takes no pictures.
  init(_ path: String, _ known: any Architecture, _ network: Graph) throws {
    self.path = path
    classes = network[network.outputs[0]].shape.last ?? 0
    let shape = network[network.inputs[0]].shape
    guard shape.count == 4, shape[3] == 1 || shape[3] == 3 else {
      throw ToolError("\(known.name) takes no pictures but \(shape.text): training reads pictures alone.")
    }
    var rules = try Preprocessing(width: shape[2], height: shape[1], channels: shape[3], resizeRule: .stretch)
    rules.mean = known.preprocessing.mean
    rules.standardDeviation = known.preprocessing.standardDeviation
    try rules.check()
    self.rules = rules
  }

  /// One half of the pictures, all in memory; of the training half `limit` taken at random, the same for the same seed.
  /// - Parameter check: called for each picture; what it throws ends the reading.
  func read(
    _ split: Dataset.Split, limit: Int? = nil, seed: UInt64 = 0, check: () throws -> Void = {}
  ) throws -> TrainingImages {
    let dataset = try Dataset.open(path, split: split)
    let (rules, classes) = (rules, classes)
    if split == .training { tellOutputsWithoutClass(dataset) }
    var images = TrainingImages(height: rules.height, width: rules.width, channels: rules.channels)
    let progress = Progress("reading the \(split.rawValue) pictures")
    var wanted = Array(0..<dataset.count)
    if let limit, limit < dataset.count {
      // Of all classes: folders come one class after the other.
      var random = SplitMix64(seed: seed)
      wanted = random.permutation(dataset.count).prefix(limit).sorted()
    }
    try dataset.prefetch(
      wanted,
      prepare: { item in
        guard let label = item.label else { throw ToolError("\(item.name) has no label.") }
        guard label < classes else {
          throw ToolError("\(item.name) is of class \(label), but the network has \(classes): use --classes.")
        }
        guard case .image(let image) = item.content else { throw ToolError("\(item.name) is no picture.") }
        return (rules.pixels(of: image).pixels, label)
      }
    ) { number, picture in
      images.append(picture.0, label: picture.1)
      progress.update(number + 1, of: wanted.count)
      try check()
    }
    progress.finish()
    return images
  }

  private func tellOutputsWithoutClass(_ dataset: Dataset) {
    let known = max(dataset.classNames.count, ((0..<dataset.count).compactMap(dataset.label).max() ?? 0) + 1)
    guard known > 1, known < classes else { return }
    note("the network tells \(classes) classes apart, the pictures have \(known): --classes \(known) makes it smaller")
  }

  /// The first pictures as a network's inputs, one by one.
  func inputs(_ images: TrainingImages, count: Int) -> [Tensor] {
    var random = SplitMix64(seed: 0)
    return (0..<min(count, images.count)).map { index in
      images.batch([index], mean: rules.mean, standardDeviation: rules.standardDeviation, Augmentation(), &random)
    }
  }
}

import CHost
import Datasets
import Finetuning
import Foundation
import Martlet

/// Gathers features, trains heads, measures them: what `martlet finetune` does before it packs.
struct FinetuneRun {
  let backbone: [UInt8]
  let point: FeaturePoint
  let rules: Preprocessing?
  let sets: PictureSets
  let options: HeadOptions

  /// What is learned from and measured on.
  struct Material {
    var training: FeatureSet
    var validation: FeatureSet
    /// Pictures of `validation`, for runs of the whole model.
    var validationItems: [(index: Int, label: Int)]
    var validationData: Dataset
    var unreadable: [FeatureGatherer.Unreadable]
    var duplicates: Duplicates
    var computed: Int
    var arenaBytes: Int
    /// The network up to its features.
    var extractor: [UInt8]
    /// Examples of all splits, for folds.
    var all: FeatureSet
  }

  /// What the command line says of pictures.
  struct Choice {
    var fraction: Double
    var perClass: Int?
    var variants: Int
    var cache: String?
    var threads: Int
    /// Of deep training; nil: signals end the process.
    var interruption: Interruption?
  }

  /// Reads all features and divides them.
  func gather(_ choice: Choice) throws -> Material {
    let items = sets.items(perClass: choice.perClass, seed: options.seed)
    let gatherer = try FeatureGatherer(
      backbone, at: point, rules: rules, cachePath: choice.cache, calibration: sets.training, threads: choice.threads)
    var progress = Progress("features")
    let names = sets.classNames
    let first = try gatherer.gather(
      sets.training, items: items, classNames: names, label: { $0 }, variants: choice.variants, seed: options.seed
    ) { done, total in
      progress.update(done, of: total)
      try choice.interruption?.check()
    }
    progress.finish()
    var material = Material(
      training: first.features, validation: first.features.subset([]), validationItems: [],
      validationData: sets.validation ?? sets.training, unreadable: first.unreadable,
      duplicates: Duplicates(training: [], validation: []), computed: first.computed, arenaBytes: gatherer.arenaBytes,
      extractor: gatherer.network, all: first.features)
    var validationKeys = first.keys
    if let validation = sets.validation {
      progress = Progress("features to validate with")
      let second = try gatherer.gather(validation, classNames: names, label: sets.validationClass) { done, total in
        progress.update(done, of: total)
        try choice.interruption?.check()
      }
      progress.finish()
      material.validation = second.features
      material.unreadable += second.unreadable
      material.computed += second.computed
      validationKeys = second.keys
    } else if choice.fraction > 0 {
      let all = first.features
      let parts = Split.holdingBack(choice.fraction, labels: all.labels, items: all.items, seed: options.seed)
      material.training = all.subset(parts.training)
      material.validation = all.subset(parts.validation)
    }
    material.validationItems = zip(material.validation.items, material.validation.labels).map { ($0, $1) }
    let trainingItems = named(material.training, sets.training, first.keys)
    let held = named(material.validation, material.validationData, validationKeys)
    material.duplicates = Duplicates(training: trainingItems, validation: held)
    return material
  }

  /// Name, class and key of each item once.
  private func named(
    _ set: FeatureSet, _ dataset: Dataset, _ keys: [Int: InputKey]
  ) -> [(name: String, label: Int, key: InputKey)] {
    var seen: Set<Int> = []
    return zip(set.items, set.labels).compactMap { item, label in
      guard seen.insert(item).inserted, let key = keys[item] else { return nil }
      return (dataset.name(item), label, key)
    }
  }

  /// What the pictures call for: heads on the last features and on those halfway through the network are cross-validated.
  func advice(_ choice: Choice, folds: Int) throws -> Advice {
    let earlier = try FeaturePoint.halfway(in: backbone)
    func accuracy(_ point: FeaturePoint) throws -> (accuracy: Double, fewest: Int) {
      let run = FinetuneRun(backbone: backbone, point: point, rules: rules, sets: sets, options: options)
      let all = try run.gather(choice).all
      let confusion = try run.crossValidate(all, folds: folds).confusion
      return (confusion.accuracy, confusion.counts.map { $0.reduce(0, +) }.min() ?? 0)
    }
    let (last, before) = (try accuracy(point), try accuracy(earlier))
    return Advice(
      .init(
        fewestPictures: last.fewest, lastAccuracy: last.accuracy, earlierAccuracy: before.accuracy,
        lastName: point.name, earlierName: earlier.name))
  }

  /// Accuracy of each of `folds` heads on what it did not see, and all their decisions together.
  func crossValidate(_ set: FeatureSet, folds: Int) throws -> (accuracies: [Double], confusion: Confusion) {
    var accuracies: [Double] = []
    var together = Confusion(classNames: set.classNames)
    for parts in Split.folds(folds, labels: set.labels, items: set.items, seed: options.seed) {
      let held = set.subset(parts.validation)
      guard held.count > 0 else { continue }
      // Without a look at the held back: what stops early on them would be measured too well.
      let head = try trainHead(on: set.subset(parts.training), options: options)
      let confusion = Confusion(try head.scores(of: held), labels: held.labels, classNames: set.classNames)
      accuracies.append(confusion.accuracy)
      together.add(confusion)
    }
    return (accuracies, together)
  }
}

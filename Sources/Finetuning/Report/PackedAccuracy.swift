import Datasets

/// Runs a whole packed model on pictures and counts its decisions.
/// - Parameters:
///   - model: the packed file.
///   - dataset: where the pictures are.
///   - items: the pictures' numbers and classes.
///   - classNames: the classes, in the order of the outputs.
///   - rules: how a picture becomes the model's input; nil: the data are arrays.
///   - threads: one arena each.
///   - progress: told of the pictures done.
/// - Throws: `FinetuneError` when the model is refused.
public func packedConfusion(
  _ model: [UInt8], _ dataset: Dataset, items: [(index: Int, label: Int)], classNames: [String], rules: Preprocessing?,
  threads: Int = 2, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
) throws -> Confusion {
  let runners = Pool(try (0..<threads).map { _ in try FeatureExtractor(model) })
  var confusion = Confusion(classNames: classNames)
  try dataset.prefetch(items.map(\.index), threads: threads) { item in
    let input = try NetworkInput(item.content, rules)
    return try runners.with { try $0.features(input) }.indexOfFirstLargest
  } consume: { number, decided in
    confusion.add(decided: decided, label: items[number].label)
    progress(number + 1, items.count)
  }
  return confusion
}

import Datasets

/// Some items of a data set, spread evenly over it.
struct TypicalInputs: Sendable {
  let dataset: Dataset
  let count: Int

  /// - Parameter limit: at most so many.
  init(_ path: String, limit: Int, split: Dataset.Split) throws {
    dataset = try Dataset.open(path, split: split)
    count = min(limit, dataset.count)
  }

  /// One of them, decoded.
  func item(_ number: Int) throws(DatasetError) -> Dataset.Item { try dataset.item(place(number)) }

  /// What it is called.
  func name(_ number: Int) -> String { dataset.name(place(number)) }

  private func place(_ number: Int) -> Int { number * dataset.count / count }
}

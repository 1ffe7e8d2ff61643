import Datasets
import Graph

extension DeepFinetuning {
  /// Reads pictures, and computes what the layers that stay say of them.
  /// - Parameters:
  ///   - dataset: where the pictures are.
  ///   - items: numbers in the data set, and classes.
  ///   - views: how often each picture is seen: as it is, mirrored, then parts of it.
  ///   - rules: how a picture becomes the float network's input.
  ///   - seed: of the random parts that later views see.
  ///   - progress: told of the pictures done; what it throws ends the work.
  /// - Throws: `FinetuneError` when what has to be kept is more than 4 GiB.
  public func prepare(
    _ dataset: Dataset, items: [(index: Int, label: Int)], views: Int = 1, rules: Preprocessing, seed: UInt64 = 1,
    progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> [(input: Tensor, label: Int)] {
    let bytes = keptCount.multipliedReportingOverflow(by: 4 * views * items.count)
    guard !bytes.overflow, bytes.partialValue <= 4 << 30 else {
      throw FinetuneError(
        "\(items.count * views) pictures would take more than 4 GiB: unfreeze fewer layers, or use fewer pictures or views"
      )
    }
    var prepared: [(input: Tensor, label: Int)] = []
    let shape = [1, rules.height, rules.width, rules.channels]
    try dataset.prefetch(items.map(\.index)) { item -> [[Float]] in
      guard case .image(let image) = item.content else { return [try rules.tensorValues(of: item)] }
      return (0..<views).map { rules.tensorValues(of: image.variant($0, seed: seed &+ nameHash(item.name))) }
    } consume: { number, values in
      for values in values {
        prepared.append((try self.prepared(Tensor(shape: shape, values: values)), items[number].label))
      }
      try progress(number + 1, items.count)
    }
    return prepared
  }
}

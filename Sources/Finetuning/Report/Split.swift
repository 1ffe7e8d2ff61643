import Graph

/// Dividing examples so that each class is divided alike, and all variants of an item stay together.
public enum Split {
  /// The examples to learn from, and those held back.
  public struct Parts: Sendable, Equatable {
    /// Example numbers.
    public var training: [Int]
    /// Example numbers.
    public var validation: [Int]
  }

  /// `folds` divisions: each item is held back in one of them.
  /// - Parameters:
  ///   - folds: how many, at least 2.
  ///   - labels: the class of each example.
  ///   - items: the item of each example; an item's first example is the item as it is, and only that is held back.
  ///   - seed: of the division.
  public static func folds(_ folds: Int, labels: [Int], items: [Int], seed: UInt64) -> [Parts] {
    let foldOf = assign(labels: labels, items: items, seed: seed) { place, _ in place % folds }
    return (0..<folds).map { parts(items) { foldOf[$0] == $1 }($0) }
  }

  /// One division with the share `fraction` of each class held back: at least one item of a class with two or more, and never
  /// all of them.
  public static func holdingBack(_ fraction: Double, labels: [Int], items: [Int], seed: UInt64) -> Parts {
    let heldBack = assign(labels: labels, items: items, seed: seed) { place, count in
      let share = min(count - 1, max(count >= 2 && fraction > 0 ? 1 : 0, Int((Double(count) * fraction).rounded())))
      return place < share ? 0 : 1
    }
    return parts(items) { item, _ in heldBack[item] == 0 }(0)
  }

  /// A number for each item, by its place among its class's items in an order that the seed decides.
  private static func assign(
    labels: [Int], items: [Int], seed: UInt64, _ number: (_ place: Int, _ count: Int) -> Int
  ) -> [Int: Int] {
    var itemsOfClass: [Int: [Int]] = [:]
    var seen: Set<Int> = []
    for (label, item) in zip(labels, items) where seen.insert(item).inserted {
      itemsOfClass[label, default: []].append(item)
    }
    var numbers: [Int: Int] = [:]
    for label in itemsOfClass.keys.sorted() {
      let members = itemsOfClass[label] ?? []
      var random = SplitMix64(seed: seed &+ UInt64(label) &* 0x9E37_79B9)
      for (place, index) in random.permutation(members.count).enumerated() {
        numbers[members[index]] = number(place, members.count)
      }
    }
    return numbers
  }

  private static func parts(
    _ items: [Int], _ isHeldBack: @escaping (_ item: Int, _ fold: Int) -> Bool
  ) -> (Int) -> Parts {
    { fold in
      var parts = Parts(training: [], validation: [])
      var seen: Set<Int> = []
      for (example, item) in items.enumerated() {
        let isFirst = seen.insert(item).inserted
        if !isHeldBack(item, fold) {
          parts.training.append(example)
        } else if isFirst {
          parts.validation.append(example)
        }
      }
      return parts
    }
  }
}

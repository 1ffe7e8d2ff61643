import Finetuning
import Testing

/// Examples are divided class by class, and an item's views are never on both sides.
@Suite struct SplitTests {
  @Test func holdsBackAShareOfEachClass() {
    let labels = [Int](repeating: 0, count: 40) + [Int](repeating: 1, count: 10) + [2, 2, 3]
    let parts = Split.holdingBack(0.2, labels: labels, items: Array(labels.indices), seed: 1)
    let held = parts.validation.map { labels[$0] }
    #expect((0..<4).map { label in held.count { $0 == label } } == [8, 2, 1, 0])
    #expect(Set(parts.training).isDisjoint(with: parts.validation))
    #expect(parts.training.count + parts.validation.count == labels.count)
    #expect(parts != Split.holdingBack(0.2, labels: labels, items: Array(labels.indices), seed: 2))
    #expect(Split.holdingBack(0, labels: labels, items: Array(labels.indices), seed: 1).validation.isEmpty)
  }

  @Test func viewsStayTogetherAndOnlyTheFirstIsHeldBack() {
    let labels = (0..<60).map { $0 / 3 % 2 }
    let items = (0..<60).map { $0 / 3 }
    for parts in Split.folds(5, labels: labels, items: items, seed: 3) + [
      Split.holdingBack(0.3, labels: labels, items: items, seed: 3)
    ] {
      #expect(Set(parts.training.map { items[$0] }).isDisjoint(with: parts.validation.map { items[$0] }))
      #expect(parts.validation.allSatisfy { $0 % 3 == 0 })
      #expect(parts.training.count + 3 * parts.validation.count == 60)
    }
  }

  @Test func everyItemIsHeldBackOnce() {
    let labels = (0..<23).map { $0 % 3 }
    let folds = Split.folds(4, labels: labels, items: Array(labels.indices), seed: 1)
    #expect(folds.flatMap(\.validation).sorted() == Array(labels.indices))
  }

  @Test func confusionCounts() {
    let confusion = Confusion(
      [[0.9, 0.1], [0.4, 0.6], [0.5, 0.5], [0.2, 0.8]], labels: [0, 0, 1, 1], classNames: ["a", "b"])
    #expect(confusion.counts == [[1, 1], [1, 1]])
    #expect(confusion.accuracy == 0.5 && confusion.precision(of: 0) == 0.5 && confusion.recall(of: 1) == 0.5)
    #expect(Confusion(classNames: ["a"]).recall(of: 0) == nil)
  }
}

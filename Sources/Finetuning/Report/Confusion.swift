/// How often examples of each class were taken for each class.
public struct Confusion: Sendable, Equatable {
  /// Names of the classes.
  public let classNames: [String]
  /// True class × decided class.
  public private(set) var counts: [[Int]]

  /// Nothing yet.
  public init(classNames: [String]) {
    self.classNames = classNames
    counts = [[Int]](repeating: [Int](repeating: 0, count: classNames.count), count: classNames.count)
  }

  /// The decisions that scores are: the largest, of equal ones the first.
  public init(_ scores: [[some Comparable]], labels: [Int], classNames: [String]) {
    self.init(classNames: classNames)
    for (row, label) in zip(scores, labels) { add(decided: row.indexOfFirstLargest, label: label) }
  }

  /// Adds an example.
  public mutating func add(decided: Int, label: Int) { counts[label][decided] += 1 }

  /// Adds another set's examples.
  public mutating func add(_ other: Confusion) {
    for label in counts.indices {
      for decided in counts.indices { counts[label][decided] += other.counts[label][decided] }
    }
  }

  /// Examples.
  public var count: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

  /// The share of examples decided right, 0…1; 0 of none.
  public var accuracy: Double {
    count == 0 ? 0 : Double(counts.indices.reduce(0) { $0 + counts[$1][$1] }) / Double(count)
  }

  /// Of the examples taken for the class, the share that are of it; nil when none were.
  public func precision(of label: Int) -> Double? {
    let taken = counts.reduce(0) { $0 + $1[label] }
    return taken == 0 ? nil : Double(counts[label][label]) / Double(taken)
  }

  /// Of the examples of the class, the share taken for it; nil when there are none.
  public func recall(of label: Int) -> Double? {
    let all = counts[label].reduce(0, +)
    return all == 0 ? nil : Double(counts[label][label]) / Double(all)
  }
}

extension Array where Element: Comparable {
  /// The place of the largest element, of equal ones the first; 0 when there is none.
  var indexOfFirstLargest: Int {
    var best = 0
    for index in indices.dropFirst() where self[index] > self[best] { best = index }
    return best
  }
}

/// What chains of buffers that follow each other need: rows written over rows that were read end lower and lower, so that the
/// first buffer of a chain must begin as much higher.
struct FollowerChains {
  private struct Link {
    /// Items of the buffer that is written and of the one that it follows, and where it may begin at most.
    var written: Int
    var read: Int
    var distance: Int
    /// Bytes alive together if the two lie apart.
    var bytesApart: Int
  }

  private var links: [Link] = []
  private let itemCount: Int
  /// Of the buffers that are followed: bytes, and those that must lie after them.
  private var followed: [(item: Int, bytes: Int, slackBytes: Int)] = []

  /// - Parameters:
  ///   - itemOfBuffer: buffers of the same item begin at the same place.
  ///   - live: bytes alive together, at the least, during the operator with which a follower begins.
  init(_ buffers: [ArenaBuffer], itemOfBuffer: [Int], live: [Int: Int]) {
    itemCount = (itemOfBuffer.max() ?? -1) + 1
    for (index, buffer) in buffers.enumerated() {
      guard let follows = buffer.follows, buffer.bytes > 0, buffers[follows.buffer].bytes > 0 else { continue }
      let read = buffers[follows.buffer]
      let time = buffer.firstOperator
      guard read.firstOperator <= time, time <= read.lastOperator, let bytes = live[time] else { continue }
      let saved = savedBytes(read: read.bytes, written: buffer.bytes, distance: follows.distance)
      links.append(
        Link(
          written: itemOfBuffer[index], read: itemOfBuffer[follows.buffer], distance: follows.distance,
          bytesApart: bytes + saved))
      followed.append((itemOfBuffer[follows.buffer], read.bytes, read.slackBytes))
    }
  }

  /// Fewer bytes than this no places take, given that they take no fewer than `least`.
  ///
  /// In so few bytes that the two buffers of a link cannot lie apart, the read one begins no lower than the written one
  /// less the distance. These steps add up along a chain.
  func lowerBound(from least: Int, withSlack: Bool) -> Int {
    var bytes = least
    while true {
      let tight = links.filter { $0.bytesApart > bytes }
      let needed = end(tight, withSlack: withSlack)
      guard needed > bytes, let loosens = tight.map(\.bytesApart).min() else { return bytes }
      bytes = min(needed, loosens)
    }
  }

  /// Where the followed buffer that must lie highest ends.
  private func end(_ tight: [Link], withSlack: Bool) -> Int {
    var lowest = [Int](repeating: 0, count: itemCount)
    for _ in tight {
      for link in tight { lowest[link.read] = max(lowest[link.read], lowest[link.written] - link.distance) }
    }
    return followed.map { lowest[$0.item] + $0.bytes + (withSlack ? $0.slackBytes : 0) }.max() ?? 0
  }
}

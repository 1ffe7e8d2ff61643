/// A stretch of the arena that a tensor (or a ring of its rows) or an operator's scratch needs for some time.
public struct ArenaBuffer: Sendable {
  /// Length in bytes.
  public var bytes: Int
  /// A power of two that the offset must be a multiple of.
  public var alignment: Int
  /// The first operator during which the buffer holds something.
  public var firstOperator: Int
  /// The last one, included.
  public var lastOperator: Int
  /// Bytes after the buffer that must still lie in the arena; what is written there does not matter.
  public var slackBytes: Int
  /// The index of the buffer whose bytes these are, under another shape. It has the same length.
  public var alias: Int?
  /// Buffers that `firstOperator` reads for the last time, element by element, so that it may write over one of them.
  public var mayOverwrite: [Int]
  /// A buffer that this one may overlap although both are alive, if it begins at most so many bytes after it (before it
  /// where negative): rows are written over rows that were read for the last time.
  public var follows: (buffer: Int, distance: Int)?

  /// A buffer that is alive from `firstOperator` to `lastOperator`, both included.
  public init(
    bytes: Int, alignment: Int = 1, firstOperator: Int, lastOperator: Int, slackBytes: Int = 0, alias: Int? = nil,
    mayOverwrite: [Int] = []
  ) {
    self.bytes = bytes
    self.alignment = alignment
    self.firstOperator = firstOperator
    self.lastOperator = lastOperator
    self.slackBytes = slackBytes
    self.alias = alias
    self.mayOverwrite = mayOverwrite
  }
}

/// Where every buffer lies.
public struct ArenaPlan: Equatable, Sendable {
  /// One byte offset a buffer, in the order they were given.
  public var offsets: [Int]
  /// The end of the last buffer, slack included.
  public var arenaBytes: Int
  /// The largest sum of buffers that are alive during one operator, or more where followers rule that out: no plan can be
  /// smaller.
  public var lowerBoundBytes: Int
  /// The operator during which that many are alive.
  public var peakOperator = 0
  /// Whether no smaller plan exists for these buffers: the bound is reached, or the search ran to its end.
  public var isProvenSmallest: Bool
}

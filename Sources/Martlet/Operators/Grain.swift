/// What of an operator's output is best computed together: threads divide it no finer.
public struct Grain: Equatable, Sendable {
  /// Output rows.
  public let rows: Int32
  /// Blocks of sixteen output channels; 0: `run` does not honour `Step.blocks`, and threads divide rows alone.
  public let blocks: Int32

  /// Creates a grain.
  public init(rows: Int32 = 1, blocks: Int32 = 0) {
    self.rows = rows
    self.blocks = blocks
  }
}

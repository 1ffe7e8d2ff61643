#if !hasFeature(Embedded)
  import CShim

  /// How several threads divide one turn: pieces that can be computed in any order and at the same time.
  public struct Pieces: Equatable, Sendable {
    /// What a piece is a stretch of.
    public enum Axis: Sendable {
      /// Output rows.
      case rows
      /// Blocks of sixteen output channels.
      case blocks
    }

    /// How many there are; 1: the turn is not divided.
    public let count: Int32
    /// What each is a stretch of.
    public let axis: Axis
    /// Rows or blocks that stay together.
    let unit: Int32

    /// The whole turn.
    public static var whole: Pieces { Pieces(count: 1, axis: .rows, unit: 1) }

    /// Piece number `index` of `things`: each is as large as the others but for one unit.
    func part(_ index: Int32, of things: Int32) -> Range<Int32> {
      let units = (things + unit - 1) / unit
      let first = Pieces.split(units, index, count) * unit
      return min(first, things)..<min(Pieces.split(units, index + 1, count) * unit, things)
    }

    /// Where part number `index` of `parts` begins.
    private static func split(_ units: Int32, _ index: Int32, _ parts: Int32) -> Int32 {
      units / parts * index + min(units % parts, index)
    }
  }

  /// The decision how to divide a turn, from its records alone.
  struct Division {
    /// Work that is worth telling another thread of: about a microsecond on a fast processor. A multiply-accumulate counts
    /// as one, a byte of the larger tensor as sixteen.
    static var leastWork: Int64 { 400_000 }
    /// Work of a piece when each thread has several: enough that taking it costs nothing that could be measured.
    static var pieceWork: Int64 { 1_600_000 }
    /// The most pieces a thread: what one that comes late leaves to the others, or a slow one loses.
    static var mostPiecesPerThread: Int32 { 4 }

    let rows: Int32
    let blocks: Int32
    let work: Int64

    /// Of rows `range` of a step's output.
    init(_ step: borrowing Step, rows range: Range<Int32>) {
      let output = step.output
      let bytes = step.inputCount > 0 ? max(output.count, step.input(0).count) : output.count
      rows = range.upperBound - range.lowerBound
      blocks = (output.channels + 15) / 16
      work = Wide.product(Wide.of(step.macs + 16 * bytes), Wide.of(rows)) / Wide.of(max(1, output.height))
    }

    /// The pieces for `threads` threads.
    /// - Parameters:
    ///   - grain: what is best computed together.
    func pieces(threads: Int32, _ grain: Grain) -> Pieces {
      guard threads > 1, work >= Division.leastWork else { return .whole }
      let rowUnit = Division.unit(grain.rows, of: rows, threads)
      let blockUnit = max(1, grain.blocks)
      let byRows = Wide.product(Division.busiest(rows, threads, unit: rowUnit), Wide.of(blocks))
      let byBlocks = Wide.product(Division.busiest(blocks, threads, unit: blockUnit), Wide.of(rows))
      // Rows unless blocks are clearly more even: the next operator then finds most of its input in the nearest cache.
      let isByBlocks = grain.blocks > 0 && byBlocks * 9 < byRows * 8
      let unit = isByBlocks ? blockUnit : rowUnit
      let units = ((isByBlocks ? blocks : rows) + unit - 1) / unit
      let count = units <= threads ? units : threads * piecesPerThread(units, threads)
      return count > 1 ? Pieces(count: count, axis: isByBlocks ? .blocks : .rows, unit: unit) : .whole
    }

    /// As many as are worth taking one by one and keep the busiest thread's share what it is.
    private func piecesPerThread(_ units: Int32, _ threads: Int32) -> Int32 {
      let worthwhile = work / Wide.of(threads) / Division.pieceWork
      var each = Int32(truncatingIfNeeded: max(1, min(worthwhile, Wide.of(Division.mostPiecesPerThread))))
      while each > 1 {
        let pieces = threads * each
        let first = units / pieces * each + min(units % pieces, each)
        if first <= (units + threads - 1) / threads { break }
        each -= 1
      }
      return each
    }

    /// What stays together: the grain, unless single rows divide so much more evenly that it pays.
    private static func unit(_ grain: Int32, of things: Int32, _ threads: Int32) -> Int32 {
      guard grain > 1 else { return 1 }
      return busiest(things, threads, unit: 1) * 10 <= busiest(things, threads, unit: grain) * 9 ? 1 : grain
    }

    /// What the busiest of the threads computes.
    private static func busiest(_ things: Int32, _ threads: Int32, unit: Int32) -> Int64 {
      let units = (things + unit - 1) / unit
      return Wide.of(min(things, (units + threads - 1) / threads * unit))
    }
  }
#endif

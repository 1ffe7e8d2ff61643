import CShim

/// One thread's part of an operator's output: some of its rows, or some of its channels.
struct Share {
  /// Output rows.
  var rows: Range<Int32>
  /// Blocks of sixteen output channels; nil: all.
  var blocks: Range<Int32>?
}

/// How the threads of a team divide an operator's output. Every thread decides alike, from the records alone.
enum Division {
  /// The first thread computes all: waiting for each other would take longer.
  case none
  /// A stretch of rows each.
  case rows
  /// A stretch of channel blocks each.
  case blocks

  /// About half a microsecond's work on a fast processor: as many multiply-accumulates, or sixteen for each byte.
  private static var leastWork: Int { 200_000 }

  /// The most even division among `shares` threads. Rows if equal: the next operator then finds most of its input in the
  /// nearest cache.
  init(_ step: borrowing Step, rows range: Range<Int32>, shares: Int32, splitsChannels: Bool) {
    let output = step.output
    let bytes = step.inputCount > 0 ? max(output.count, step.input(0).count) : output.count
    let rows = range.upperBound - range.lowerBound
    let work = Wide.product(Wide.of(step.macs + 16 * bytes), Wide.of(rows))
    guard shares > 1, work >= Wide.product(Wide.of(Division.leastWork), Wide.of(output.height)) else {
      self = .none
      return
    }
    let blocks = (output.channels + 15) / 16
    let idleRows = Division.idle(rows, shares)
    let rowsAreEven =
      idleRows * 9 <= Wide.of(rows)
      || idleRows * Wide.of(blocks) <= Division.idle(blocks, shares) * Wide.of(rows)
    if rowsAreEven || !splitsChannels {
      self = rows > 1 ? .rows : .none
    } else {
      self = .blocks
    }
  }

  /// Thread number `index`'s part of `rows`.
  func share(_ step: borrowing Step, rows: Range<Int32>, index: Int32, of shares: Int32) -> Share {
    let first = rows.lowerBound
    let none = first..<first
    switch self {
    case .none: return Share(rows: index == 0 ? rows : none)
    case .rows:
      let part = Division.part(rows.upperBound - first, index, shares)
      return Share(rows: first + part.lowerBound..<first + part.upperBound)
    case .blocks:
      let blocks = Division.part((step.output.channels + 15) / 16, index, shares)
      return Share(rows: blocks.isEmpty ? none : rows, blocks: blocks)
    }
  }

  /// How many more of `count` things the threads could do while the busiest of them does its own.
  private static func idle(_ count: Int32, _ shares: Int32) -> Int64 {
    let rest = count % shares
    return Wide.of(rest == 0 ? 0 : shares - rest)
  }

  /// Part number `index` of `count` things in `shares` parts, none of which is larger than another by more than one.
  private static func part(_ count: Int32, _ index: Int32, _ shares: Int32) -> Range<Int32> {
    let least = count / shares
    let larger = count % shares
    let first = index * least + min(index, larger)
    return first..<first + least + (index < larger ? 1 : 0)
  }
}

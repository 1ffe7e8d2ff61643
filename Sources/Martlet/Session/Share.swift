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
  init(_ step: borrowing Step, shares: Int32, splitsChannels: Bool) {
    let output = step.output
    let bytes = step.inputCount > 0 ? max(output.count, step.input(0).count) : output.count
    guard shares > 1, step.macs + 16 * bytes >= Division.leastWork else {
      self = .none
      return
    }
    let blocks = (output.channels + 15) / 16
    let idleRows = Division.idle(output.height, shares)
    let rowsAreEven =
      idleRows * 9 <= Wide.of(output.height)
      || idleRows * Wide.of(blocks) <= Division.idle(blocks, shares) * Wide.of(output.height)
    if rowsAreEven || !splitsChannels {
      self = output.height > 1 ? .rows : .none
    } else {
      self = .blocks
    }
  }

  /// Thread number `index`'s part.
  func share(_ step: borrowing Step, index: Int32, of shares: Int32) -> Share {
    let output = step.output
    switch self {
    case .none: return Share(rows: 0..<(index == 0 ? output.height : 0))
    case .rows: return Share(rows: Division.part(output.height, index, shares))
    case .blocks:
      let blocks = Division.part((output.channels + 15) / 16, index, shares)
      return Share(rows: 0..<(blocks.isEmpty ? 0 : output.height), blocks: blocks)
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

import Martlet

/// What threads do between two meetings: consecutive turns, each divided alike.
struct Stage {
  /// The turns.
  var turns: Range<Int>
  /// How each is divided. Pieces of one number depend on no piece of another number in the same stage.
  let pieces: Pieces
}

extension Session {
  /// The turns of a run as stages for `threads` threads. Turns that are not divided and follow each other are one stage.
  func stages(threads: Int) -> [Stage] {
    var stages: [Stage] = []
    for number in 0..<turnCount {
      let pieces = pieces(ofTurn: number, threads: threads)
      if pieces.count == 1, stages.last?.pieces.count == 1 {
        stages[stages.count - 1].turns = stages[stages.count - 1].turns.lowerBound..<number + 1
      } else {
        stages.append(Stage(turns: number..<number + 1, pieces: pieces))
      }
    }
    return stages
  }
}

/// A coarse model of time on a fast processor, which decides between plans: deterministic, so that the same network gets
/// the same plan on every host.
struct TimeModel {
  /// Threads that divide every turn among them (`Session.pieces`).
  let threads: Int

  /// Nanoseconds that every turn costs beside its arithmetic.
  private static let turnNanoseconds = 200.0
  /// Nanoseconds until other threads know of a turn and the last of them is done with it.
  private static let handOverNanoseconds = 250.0
  /// Work below which a turn stays on one thread: multiply-accumulates, and sixteen for every byte of the output.
  private static let leastDividedWork = 400_000.0
  private static let workOfByte = 16.0
  /// Multiply-accumulates a nanosecond.
  private static let rate = 300.0
  /// Bytes of weights that stay in the cache while a group reads them again and again.
  private static let residentWeightBytes = 512 * 1024
  /// Bytes a nanosecond at which other weights come again.
  private static let weightRate = 60.0
  /// Multiply-accumulates a nanosecond that a depthwise convolution loses when it computes one row instead of two at once.
  private static let singleRowRate = 350.0
  /// Pixels at which a convolution's tiles are full, and the share of its time that a turn of one pixel row loses.
  private static let fullTilePixels = 14.0

  /// Estimated nanoseconds of a whole run without rows.
  func wholeTime(_ network: RowNetwork) -> Double {
    network.steps.reduce(0) { $0 + turnTime($1, turns: 1) + arithmetic($1, turns: 1) }
  }

  /// Nanoseconds that a unit takes longer by rows than whole.
  func delay(_ unit: PlanUnit, _ stream: RowStream, _ network: RowNetwork) -> Double {
    var turnCounts = [Int](repeating: 0, count: unit.steps.count)
    for turn in stream.turns where turn.step >= 0 { turnCounts[turn.step - unit.steps.lowerBound] += 1 }
    var (delay, reload, weightBytes) = (0.0, 0.0, 0)
    for (step, turns) in zip(unit.steps, turnCounts) {
      delay += self.delay(network.steps[step], turns: turns)
      reload += reloadDelay(network.steps[step], turns: turns)
      weightBytes += network.steps[step].weightBytes
    }
    return weightBytes > TimeModel.residentWeightBytes ? delay + reload : delay
  }

  /// Nanoseconds that a step takes longer in some turns than in one, beside those of weights that come again. Never less in
  /// more turns.
  private func delay(_ step: RowNetwork.Step, turns: Int) -> Double {
    var delay = turnTime(step, turns: turns) - turnTime(step, turns: 1)
    delay += arithmetic(step, turns: turns) - arithmetic(step, turns: 1)
    let parts = isDivided(step, turns: turns) ? threads : 1
    if step.pairsRows, turns * 2 * parts > step.height {
      delay += Double(step.macs) / TimeModel.singleRowRate / Double(parts)
    }
    let rows = Double(step.height) / Double(max(1, turns))
    let pixels = Double(step.width) * (parts > 1 ? max(1, rows / Double(parts)) : rows)
    if pixels < TimeModel.fullTilePixels, turns > 1 {
      delay += Double(step.macs) / TimeModel.rate * share(step, turns: turns) * (TimeModel.fullTilePixels / pixels - 1)
    }
    return delay
  }

  /// Nanoseconds of a step's turns beside their arithmetic.
  private func turnTime(_ step: RowNetwork.Step, turns: Int) -> Double {
    let handOver = isDivided(step, turns: turns) ? TimeModel.handOverNanoseconds : 0
    return (TimeModel.turnNanoseconds + handOver) * Double(turns)
  }

  /// Nanoseconds of a step's work, of the thread that does most of it.
  private func arithmetic(_ step: RowNetwork.Step, turns: Int) -> Double {
    (threads > 1 ? work(step) : Double(step.macs)) / TimeModel.rate * share(step, turns: turns)
  }

  /// The largest part of a turn that one thread computes: of its rows, or of its blocks of sixteen channels.
  private func share(_ step: RowNetwork.Step, turns: Int) -> Double {
    guard isDivided(step, turns: turns) else { return 1 }
    let rows = max(1, step.height / max(1, turns))
    let blocks = (step.channels + 15) / 16
    return min(1 / Double(min(rows, threads)), Double((blocks + threads - 1) / threads) / Double(blocks))
  }

  /// Whether a turn is worth telling other threads of.
  private func isDivided(_ step: RowNetwork.Step, turns: Int) -> Bool {
    threads > 1 && work(step) >= TimeModel.leastDividedWork * Double(turns)
  }

  private func work(_ step: RowNetwork.Step) -> Double {
    Double(step.macs) + TimeModel.workOfByte * Double(step.height * step.width * step.channels)
  }

  private func reloadDelay(_ step: RowNetwork.Step, turns: Int) -> Double {
    Double(step.weightBytes * (turns - 1)) / TimeModel.weightRate
  }

  /// Bounds below the delays of groups, which their rows need not be known for: from the fewest turns that each step can
  /// take. All sums are of the steps before.
  struct LeastDelays {
    private var delays: [[Double]] = []
    private var reloads: [[Double]] = []
    private var weightBytes = [0]

    init(_ network: RowNetwork, _ time: TimeModel) {
      for step in network.steps { weightBytes.append(weightBytes.last! + step.weightBytes) }
      for chunk in RowChunk.choices {
        var (delays, reloads) = ([0.0], [0.0])
        for step in network.steps {
          let rows = RowStream.rowsATurn(step, network, chunk)
          let turns = (step.height + rows - 1) / rows
          delays.append(delays.last! + time.delay(step, turns: turns))
          reloads.append(reloads.last! + time.reloadDelay(step, turns: turns))
        }
        self.delays.append(delays)
        self.reloads.append(reloads)
      }
    }

    func least(_ steps: Range<Int>, choice: Int) -> Double {
      let delay = delays[choice][steps.upperBound] - delays[choice][steps.lowerBound]
      // Sums of many steps are not exact.
      guard weightBytes[steps.upperBound] - weightBytes[steps.lowerBound] > TimeModel.residentWeightBytes else {
        return delay - 0.001
      }
      return delay + reloads[choice][steps.upperBound] - reloads[choice][steps.lowerBound] - 0.001
    }
  }
}

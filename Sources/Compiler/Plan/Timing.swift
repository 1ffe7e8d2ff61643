/// A coarse model of time on a fast processor, which decides between plans: deterministic, so that the same network gets
/// the same plan on every host.
extension UnitCosts {
  /// Nanoseconds that every turn costs beside its arithmetic.
  static let turnNanoseconds = 200.0
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
  static func wholeTime(_ network: RowNetwork) -> Double {
    network.steps.reduce(0) { $0 + UnitCosts.turnNanoseconds + Double($1.macs) / UnitCosts.rate }
  }

  func delay(_ unit: PlanUnit, _ stream: RowStream) -> Double {
    var turnCounts = [Int](repeating: 0, count: unit.steps.count)
    for turn in stream.turns where turn.step >= 0 { turnCounts[turn.step - unit.steps.lowerBound] += 1 }
    var (delay, reload, weightBytes) = (0.0, 0.0, 0)
    for (step, turns) in zip(unit.steps, turnCounts) {
      delay += UnitCosts.delay(network.steps[step], turns: turns)
      reload += UnitCosts.reloadDelay(network.steps[step], turns: turns)
      weightBytes += network.steps[step].weightBytes
    }
    return weightBytes > UnitCosts.residentWeightBytes ? delay + reload : delay
  }

  /// Nanoseconds that a step takes longer in some turns than in one, beside those of weights that come again. Never less in
  /// more turns.
  private static func delay(_ step: RowNetwork.Step, turns: Int) -> Double {
    var delay = turnNanoseconds * Double(turns - 1)
    if step.pairsRows, turns * 2 > step.height { delay += Double(step.macs) / singleRowRate }
    let pixels = Double(step.width * step.height) / Double(max(1, turns))
    if pixels < fullTilePixels, turns > 1 { delay += Double(step.macs) / rate * (fullTilePixels / pixels - 1) }
    return delay
  }

  private static func reloadDelay(_ step: RowNetwork.Step, turns: Int) -> Double {
    Double(step.weightBytes * (turns - 1)) / weightRate
  }

  /// Bounds below the delays of groups, which their rows need not be known for: from the fewest turns that each step can
  /// take. All sums are of the steps before.
  struct LeastDelays {
    private var delays: [[Double]] = []
    private var reloads: [[Double]] = []
    private var weightBytes = [0]

    init(_ network: RowNetwork) {
      for step in network.steps { weightBytes.append(weightBytes.last! + step.weightBytes) }
      for chunk in RowChunk.choices {
        var (delays, reloads) = ([0.0], [0.0])
        for step in network.steps {
          let rows = RowStream.rowsATurn(step, network, chunk)
          let turns = (step.height + rows - 1) / rows
          delays.append(delays.last! + UnitCosts.delay(step, turns: turns))
          reloads.append(reloads.last! + UnitCosts.reloadDelay(step, turns: turns))
        }
        self.delays.append(delays)
        self.reloads.append(reloads)
      }
    }

    func least(_ steps: Range<Int>, choice: Int) -> Double {
      let delay = delays[choice][steps.upperBound] - delays[choice][steps.lowerBound]
      // Sums of many steps are not exact.
      guard weightBytes[steps.upperBound] - weightBytes[steps.lowerBound] > UnitCosts.residentWeightBytes else {
        return delay - 0.001
      }
      return delay + reloads[choice][steps.upperBound] - reloads[choice][steps.lowerBound] - 0.001
    }
  }
}

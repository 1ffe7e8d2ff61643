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
  var wholeTime: Double {
    network.steps.reduce(0) { $0 + UnitCosts.turnNanoseconds + Double($1.macs) / UnitCosts.rate }
  }

  func delay(_ unit: PlanUnit, _ stream: RowStream) -> Double {
    var turnCounts = [Int](repeating: 0, count: unit.steps.count)
    for turn in stream.turns where turn.step >= 0 { turnCounts[turn.step - unit.steps.lowerBound] += 1 }
    var delay = UnitCosts.turnNanoseconds * Double(turnCounts.reduce(0, +) - unit.steps.count)
    for (step, turns) in zip(unit.steps, turnCounts) where network.steps[step].pairsRows {
      let planned = network.steps[step]
      if turns * 2 > planned.height { delay += Double(planned.macs) / UnitCosts.singleRowRate }
    }
    let weightBytes = unit.steps.reduce(0) { $0 + network.steps[$1].weightBytes }
    for (step, turns) in zip(unit.steps, turnCounts) {
      let planned = network.steps[step]
      if weightBytes > UnitCosts.residentWeightBytes {
        delay += Double(planned.weightBytes * (turns - 1)) / UnitCosts.weightRate
      }
      let pixels = Double(planned.width * planned.height) / Double(max(1, turns))
      if pixels < UnitCosts.fullTilePixels, turns > 1 {
        delay += Double(planned.macs) / UnitCosts.rate * (UnitCosts.fullTilePixels / pixels - 1)
      }
    }
    return delay
  }
}

/// How long runs took: which share of them was done after how many milliseconds.
struct LatencyChart {
  let nanoseconds: [UInt64]
  private let most = 400

  /// The picture. Of many runs the slowest hundredth is left out: whatever else the machine did then would hide the rest.
  var svg: String {
    let sorted = nanoseconds.sorted()
    let shown = sorted.count < 100 ? sorted.count : sorted.count * 99 / 100
    let places = shown <= most ? Array(0..<shown) : (0..<most).map { $0 * (shown - 1) / (most - 1) }
    let points = places.map { (x: 100 * Double($0 + 1) / Double(sorted.count), y: Double(sorted[$0]) / 1e6) }
    let slowest = points.last?.y ?? 0
    let digits = slowest < 1 ? 4 : slowest < 10 ? 3 : 1
    return LineChart(
      title: "Milliseconds in which a share of the runs is done", horizontal: "% of the runs",
      series: [LineChart.Series(name: "runs", color: 0, points: points, isMarked: points.count <= 40)]
    ) { $0.digits(digits) }.svg
  }
}

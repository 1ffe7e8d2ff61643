/// For each of a list of things, bars that begin at one line.
struct BarChart {
  /// One thing.
  struct Row {
    let name: String
    /// One bar a series; nil draws none, infinity one over the whole width.
    let values: [Double?]
  }

  let title: String
  /// Names of the series, for the legend.
  let series: [String]
  let rows: [Row]
  /// What a value looks like.
  let text: (Double) -> String
  private let left = 320.0
  private let width = 640.0
  private let colors = ["f0", "f2", "f3"]

  /// The picture.
  var svg: String {
    let barHeight = series.count == 1 ? 12.0 : 8.0
    let pitch = barHeight * Double(series.count) + 8
    let height = 62 + pitch * Double(rows.count)
    let finite = rows.flatMap(\.values).compactMap { $0 }.filter(\.isFinite)
    let largest = max(finite.max() ?? 0, 1e-9)
    let smallest = min(0, finite.min() ?? 0)
    func x(_ value: Double) -> Double { left + width * (min(value, largest) - smallest) / (largest - smallest) }
    var parts = [SVG.text(8, 20, title, size: 15)]
    for (index, name) in series.enumerated() {
      let place = left + Double(index) * 220
      parts.append(SVG.rectangle(place, 30, 12, 8, kind: colors[index % colors.count]))
      parts.append(SVG.text(place + 18, 38, name))
    }
    for (index, row) in rows.enumerated() {
      let top = 52 + pitch * Double(index)
      let name = row.name.count > 46 ? "…" + row.name.suffix(45) : row.name
      parts.append(SVG.text(left - 8, top + pitch / 2, name, anchor: "end"))
      for (place, value) in row.values.enumerated() {
        guard let value else { continue }
        let end = value.isFinite || value < 0 ? x(max(value, smallest)) : left + width
        let y = top + barHeight * Double(place)
        parts.append(
          SVG.rectangle(
            min(x(0), end), y, max(1, abs(end - x(0))), barHeight - 1, kind: colors[place % colors.count],
            title: "\(row.name), \(series[place]): \(text(value))"))
        parts.append(SVG.text(max(x(0), end) + 5, y + barHeight - 1, text(value), size: 10, isSoft: true))
      }
    }
    parts.append(SVG.line(x(0), 48, x(0), height - 6))
    return SVG.picture(width: 1040, height: height, title: title, parts)
  }
}

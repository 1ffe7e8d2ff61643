import Foundation

/// Lines over one axis as a picture (SVG), in the colours of the page that it stands in.
struct LineChart {
  /// One line.
  struct Series {
    /// For the legend.
    let name: String
    /// Which of the page's colours.
    let color: Int
    let points: [(x: Double, y: Double)]
    /// Whether each point is marked.
    var isMarked = false
  }

  let title: String
  let horizontal: String
  let series: [Series]
  /// What a number on the vertical axis looks like.
  let text: (Double) -> String
  private let left = 70.0
  private let top = 44.0
  private let width = 660.0
  private let height = 260.0

  /// The picture.
  var svg: String {
    let (across, up) = (range(series.flatMap { $0.points.map(\.x) }), range(series.flatMap { $0.points.map(\.y) }))
    func x(_ value: Double) -> Double {
      left + width * (value - across.lowerBound) / (across.upperBound - across.lowerBound)
    }
    func y(_ value: Double) -> Double {
      top + height * (1 - (value - up.lowerBound) / (up.upperBound - up.lowerBound))
    }
    var parts = [SVG.text(left, 20, title, size: 15)]
    for tick in ticks(up) {
      parts.append(SVG.line(left, y(tick), left + width, y(tick)))
      parts.append(SVG.text(left - 8, y(tick) + 4, text(tick), anchor: "end", isSoft: true))
    }
    for tick in ticks(across) {
      parts.append(SVG.text(x(tick), top + height + 18, number(tick), anchor: "middle", isSoft: true))
    }
    parts.append(SVG.text(left + width / 2, top + height + 36, horizontal, anchor: "middle", isSoft: true))
    for (index, line) in series.enumerated() {
      let places = line.points.map { "\(x($0.x).digits(1)),\(y($0.y).digits(1))" }
      parts.append("<polyline class=\"s\(line.color)\" points=\"\(places.joined(separator: " "))\"/>")
      if line.isMarked {
        for point in line.points {
          parts.append(
            "<circle cx=\"\(x(point.x).digits(1))\" cy=\"\(y(point.y).digits(1))\" r=\"3\" class=\"f\(line.color)\"><title>"
              + "\(line.name.escapedForMarkup), \(number(point.x)): \(text(point.y))</title></circle>")
        }
      }
      let place = left + width - 130 * Double(series.count - index)
      parts.append(SVG.rectangle(place, 12, 12, 4, kind: "f\(line.color)"))
      parts.append(SVG.text(place + 18, 18, line.name))
    }
    return SVG.picture(width: 760, height: 350, title: title, parts)
  }

  /// From 0, or from the smallest where that is far from it, to the largest; never empty.
  private func range(_ values: [Double]) -> ClosedRange<Double> {
    let finite = values.filter(\.isFinite)
    guard let smallest = finite.min(), let largest = finite.max() else { return 0...1 }
    let low = smallest > 0 && smallest < 0.6 * largest ? 0 : smallest
    return largest > low ? low...largest : low - 0.5...low + 0.5
  }

  /// Four to nine round numbers.
  private func ticks(_ range: ClosedRange<Double>) -> [Double] {
    let span = range.upperBound - range.lowerBound
    let power = pow(10, (log10(span / 4)).rounded(.down))
    let step = [5, 2, 1].map { $0 * power }.first { span / $0 >= 4 } ?? power
    let first = (range.lowerBound / step).rounded(.up)
    let last = (range.upperBound / step).rounded(.down)
    guard first <= last, last - first < 100 else { return [range.lowerBound, range.upperBound] }
    return stride(from: first, through: last, by: 1).map { $0 * step }
  }

  private func number(_ value: Double) -> String { String(format: "%g", (value * 1e4).rounded() / 1e4) }
}

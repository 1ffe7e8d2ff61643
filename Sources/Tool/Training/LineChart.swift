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

  /// Colours for light and dark screens, for the page's head.
  static let style = """
    :root{color-scheme:light dark;--ink:#1c1e21;--soft:#5b6067;--line:#d5d8dc;--paper:#fff;--c0:#2f7fc1;--c1:#c0392b;\
    --c2:#3f9b5f}
    @media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a3a9b1;--line:#3b4047;--paper:#16181b;--c0:#5aa9e6;\
    --c1:#ff6f61;--c2:#63c584}}
    body{background:var(--paper);color:var(--ink);font:15px system-ui,sans-serif;margin:1.5rem auto;max-width:960px;padding:0 1rem}
    svg{width:100%;height:auto}svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .soft{fill:var(--soft)}
    svg .grid{stroke:var(--line)}svg polyline{fill:none;stroke-width:1.8}
    td,th{padding:.2rem .8rem;text-align:right;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
    td:first-child,th:first-child{text-align:left}
    """

  /// The picture.
  var svg: String {
    let (across, up) = (range(series.flatMap { $0.points.map(\.x) }), range(series.flatMap { $0.points.map(\.y) }))
    func x(_ value: Double) -> Double {
      left + width * (value - across.lowerBound) / (across.upperBound - across.lowerBound)
    }
    func y(_ value: Double) -> Double {
      top + height * (1 - (value - up.lowerBound) / (up.upperBound - up.lowerBound))
    }
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 350\" role=\"img\">",
      "<title>\(title.escapedForMarkup)</title>", label(left, 20, title, size: 15),
    ]
    for tick in ticks(up) {
      parts.append(
        "<line class=\"grid\" x1=\"\(left)\" y1=\"\(y(tick).digits(1))\" x2=\"\(left + width)\" y2=\"\(y(tick).digits(1))\"/>"
      )
      parts.append(label(left - 8, y(tick) + 4, text(tick), anchor: "end", isSoft: true))
    }
    for tick in ticks(across) {
      parts.append(label(x(tick), top + height + 18, number(tick), anchor: "middle", isSoft: true))
    }
    parts.append(label(left + width / 2, top + height + 36, horizontal, anchor: "middle", isSoft: true))
    for (index, line) in series.enumerated() {
      let color = "var(--c\(line.color))"
      let places = line.points.map { "\(x($0.x).digits(1)),\(y($0.y).digits(1))" }
      parts.append("<polyline style=\"stroke:\(color)\" points=\"\(places.joined(separator: " "))\"/>")
      if line.isMarked {
        for point in line.points {
          parts.append(
            "<circle cx=\"\(x(point.x).digits(1))\" cy=\"\(y(point.y).digits(1))\" r=\"3\" style=\"fill:\(color)\"><title>"
              + "\(line.name.escapedForMarkup), \(number(point.x)): \(text(point.y))</title></circle>")
        }
      }
      let place = left + width - 130 * Double(series.count - index)
      parts.append("<rect x=\"\(place)\" y=\"12\" width=\"12\" height=\"4\" style=\"fill:\(color)\"/>")
      parts.append(label(place + 18, 18, line.name))
    }
    return parts.joined(separator: "\n") + "\n</svg>"
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

  private func label(
    _ x: Double, _ y: Double, _ content: String, anchor: String = "start", size: Int = 12, isSoft: Bool = false
  ) -> String {
    "<text x=\"\(x.digits(1))\" y=\"\(y.digits(1))\" text-anchor=\"\(anchor)\" style=\"font-size:\(size)px\""
      + "\(isSoft ? " class=\"soft\"" : "")>\(content.escapedForMarkup)</text>"
  }
}

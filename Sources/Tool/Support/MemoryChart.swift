/// The arena over time as a picture: SVG, or a page around it. Self-contained, for light and dark screens.
struct MemoryChart {
  let map: MemoryMap
  let title: String
  private let left = 90.0
  private let top = 56.0
  private let width = 1080.0
  private let height = 560.0

  private func x(_ turn: Int) -> Double { left + width * Double(turn) / Double(max(1, map.turnCount)) }

  private func y(_ byte: Int) -> Double { top + height * (1 - Double(byte) / Double(max(1, map.arenaBytes))) }

  private static let style = """
    .chart{--ink:#1c1e21;--soft:#5b6067;--line:#d5d8dc;--paper:#ffffff;--ring:#2f7fc1;--whole:#3f9b5f;--scratch:#b9822b;\
    --peak:#c0392b;background:var(--paper);font:13px system-ui,sans-serif}
    @media (prefers-color-scheme:dark){.chart{--ink:#e8eaed;--soft:#a3a9b1;--line:#3b4047;--paper:#16181b;--ring:#5aa9e6;\
    --whole:#63c584;--scratch:#dba550;--peak:#ff6f61}}
    .chart text{fill:var(--ink)}.chart .soft{fill:var(--soft)}.chart line{stroke:var(--line)}
    .chart rect{stroke:var(--paper);stroke-width:.6;fill-opacity:.82}.chart .peak{stroke:var(--peak);stroke-width:1.5}
    .chart .ring{fill:var(--ring)}.chart .whole{fill:var(--whole)}.chart .scratch{fill:var(--scratch)}
    """

  /// The picture alone.
  var svg: String {
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1200 700\" class=\"chart\" role=\"img\">",
      "<style>\(MemoryChart.style)</style><title>\(title.escapedForMarkup)</title>",
      "<rect x=\"0\" y=\"0\" width=\"1200\" height=\"700\" style=\"fill:var(--paper);fill-opacity:1\"/>",
      text(left, 26, "\(title): arena of \(map.arenaBytes.grouped) bytes", size: 17),
    ]
    for step in 0...4 {
      let byte = map.arenaBytes * step / 4
      parts.append(line(left, y(byte), left + width, y(byte)))
      parts.append(text(left - 8, y(byte) + 4, byte.grouped, anchor: "end", isSoft: true))
      let turn = map.turnCount * step / 4
      parts.append(text(x(turn), top + height + 18, "\(turn)", anchor: "middle", isSoft: true))
    }
    parts.append(text(left + width / 2, top + height + 38, "turn", anchor: "middle", isSoft: true))
    parts += map.buffers.map(rectangle)
    parts += map.buffers.compactMap(label)
    let peak = map.peakTurn
    let middle = (x(peak) + x(peak + 1)) / 2
    parts.append(line(middle, top - 6, middle, top + height, kind: "peak"))
    let isRight = middle > left + width * 0.6
    parts.append(
      text(
        middle + (isRight ? -6 : 6), top - 10,
        "most is alive in turn \(peak): \((map.liveBytes.isEmpty ? 0 : map.liveBytes[peak]).grouped) bytes",
        anchor: isRight ? "end" : "start"))
    for (index, entry) in [("whole", "whole tensor"), ("ring", "ring of rows"), ("scratch", "scratch")].enumerated() {
      let place = left + Double(index) * 150
      parts.append("<rect class=\"\(entry.0)\" x=\"\(place)\" y=\"672\" width=\"14\" height=\"14\"/>")
      parts.append(text(place + 20, 684, entry.1))
    }
    return parts.joined(separator: "\n") + "\n</svg>\n"
  }

  /// A page with the picture and what makes the peak.
  var html: String {
    let rows = map.peakBuffers.map { buffer in
      "<tr><td>\(buffer.name.escapedForMarkup)</td><td>\(buffer.detail.escapedForMarkup)</td><td class=\"n\">\(buffer.bytes.count.grouped)"
        + "</td><td class=\"n\">\(buffer.bytes.lowerBound.grouped)</td><td class=\"n\">\(buffer.turns.lowerBound)–"
        + "\(buffer.turns.upperBound)</td></tr>"
    }
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>\(title.escapedForMarkup)</title>
      <style>:root{color-scheme:light dark}body{font:15px system-ui,sans-serif;margin:1.5rem auto;max-width:1200px}
      td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #8884}.n{text-align:right;font-variant-numeric:tabular-nums}
      svg{width:100%;height:auto}</style></head><body>
      \(svg)
      <h2>What is alive in turn \(map.peakTurn), the peak</h2>
      <table><thead><tr><th>buffer</th><th>rows × pixels × channels</th><th>bytes</th><th>from byte</th><th>turns</th></tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></body></html>

      """
  }

  private func rectangle(_ buffer: MemoryMap.Buffer) -> String {
    let kind = buffer.isScratch ? "scratch" : buffer.detail.contains(" of ") ? "ring" : "whole"
    let tall = max(0.8, y(buffer.bytes.lowerBound) - y(buffer.bytes.upperBound))
    let wide = max(0.8, x(buffer.turns.upperBound + 1) - x(buffer.turns.lowerBound))
    return """
      <rect class="\(kind)" x="\(x(buffer.turns.lowerBound).digits(2))" y="\(y(buffer.bytes.upperBound).digits(2))" \
      width="\(wide.digits(2))" height="\(tall.digits(2))"><title>\(buffer.name.escapedForMarkup), \(buffer.detail.escapedForMarkup): \
      \(buffer.bytes.count.grouped) bytes from \(buffer.bytes.lowerBound.grouped), turns \(buffer.turns.lowerBound)–\
      \(buffer.turns.upperBound)</title></rect>
      """
  }

  /// A name where there is room for it.
  private func label(_ buffer: MemoryMap.Buffer) -> String? {
    let wide = x(buffer.turns.upperBound + 1) - x(buffer.turns.lowerBound)
    let tall = y(buffer.bytes.lowerBound) - y(buffer.bytes.upperBound)
    let name = String(buffer.name.suffix(40))
    guard tall >= 15, wide >= Double(name.count) * 7 + 8 else { return nil }
    return text(x(buffer.turns.lowerBound) + 5, y(buffer.bytes.upperBound) + tall / 2 + 4, name)
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, kind: String = "") -> String {
    "<line class=\"\(kind)\" x1=\"\(x1.digits(2))\" y1=\"\(y1.digits(2))\" x2=\"\(x2.digits(2))\" y2=\"\(y2.digits(2))\"/>"
  }

  private func text(
    _ x: Double, _ y: Double, _ content: String, anchor: String = "start", size: Int = 13, isSoft: Bool = false
  ) -> String {
    "<text x=\"\(x.digits(2))\" y=\"\(y.digits(2))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\""
      + "\(isSoft ? " class=\"soft\"" : "")>\(content.escapedForMarkup)</text>"
  }
}

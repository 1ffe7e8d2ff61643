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

  private static let rules = """
    .memory rect{stroke:var(--paper);stroke-width:.6;fill-opacity:.82}.memory .peak{stroke:var(--c1);stroke-width:1.5}

    """

  /// The picture alone, with its colours.
  var svg: String {
    var parts = [
      "<style>\(PageStyle.colors(of: ".memory"))\(PageStyle.chartRules)\(Self.rules)</style>",
      "<rect width=\"1200\" height=\"700\" style=\"fill:var(--paper);fill-opacity:1\"/>",
      SVG.text(left, 26, "\(title): arena of \(map.arenaBytes.grouped) bytes", size: 17),
    ]
    for step in 0...4 {
      let byte = map.arenaBytes * step / 4
      parts.append(SVG.line(left, y(byte), left + width, y(byte)))
      parts.append(SVG.text(left - 8, y(byte) + 4, byte.grouped, anchor: "end", size: 13, isSoft: true))
      let turn = map.turnCount * step / 4
      parts.append(SVG.text(x(turn), top + height + 18, "\(turn)", anchor: "middle", size: 13, isSoft: true))
    }
    parts.append(SVG.text(left + width / 2, top + height + 38, "turn", anchor: "middle", size: 13, isSoft: true))
    parts += map.buffers.map(rectangle)
    parts += map.buffers.compactMap(label)
    let peak = map.peakTurn
    let middle = (x(peak) + x(peak + 1)) / 2
    parts.append(SVG.line(middle, top - 6, middle, top + height, kind: "peak"))
    let isRight = middle > left + width * 0.6
    parts.append(
      SVG.text(
        middle + (isRight ? -6 : 6), top - 10,
        "most is alive in turn \(peak): \((map.liveBytes.isEmpty ? 0 : map.liveBytes[peak]).grouped) bytes",
        anchor: isRight ? "end" : "start", size: 13))
    for (index, kind) in Kind.allCases.enumerated() {
      let place = left + Double(index) * 150
      parts.append(SVG.rectangle(place, 672, 14, 14, kind: kind.color))
      parts.append(SVG.text(place + 20, 684, kind.rawValue, size: 13))
    }
    return SVG.picture(width: 1200, height: 700, title: title, parts, kind: "memory") + "\n"
  }

  /// A page with the picture and what makes the peak.
  var html: String {
    var page = Page(title: "Memory of \(title)", parts: [svg])
    page.addHeading("What is alive in turn \(map.peakTurn), the peak")
    page.addTable(
      ["buffer", "rows × pixels × channels", .numbers("bytes"), .numbers("from byte"), .numbers("turns")],
      map.peakBuffers.map { buffer in
        [
          buffer.name, buffer.detail, buffer.bytes.count.grouped, buffer.bytes.lowerBound.grouped,
          "\(buffer.turns.lowerBound)–\(buffer.turns.upperBound)",
        ]
      })
    return page.html
  }

  /// What a buffer is, and its colour.
  private enum Kind: String, CaseIterable {
    case whole = "whole tensor"
    case ring = "ring of rows"
    case scratch

    init(_ buffer: MemoryMap.Buffer) {
      self = buffer.isScratch ? .scratch : buffer.detail.contains(" of ") ? .ring : .whole
    }

    var color: String {
      switch self {
      case .whole: "f2"
      case .ring: "f0"
      case .scratch: "f3"
      }
    }
  }

  private func rectangle(_ buffer: MemoryMap.Buffer) -> String {
    let turns = "\(buffer.turns.lowerBound)–\(buffer.turns.upperBound)"
    return SVG.rectangle(
      x(buffer.turns.lowerBound), y(buffer.bytes.upperBound),
      max(0.8, x(buffer.turns.upperBound + 1) - x(buffer.turns.lowerBound)),
      max(0.8, y(buffer.bytes.lowerBound) - y(buffer.bytes.upperBound)), kind: Kind(buffer).color,
      title: "\(buffer.name), \(buffer.detail): \(buffer.bytes.count.grouped) bytes from "
        + "\(buffer.bytes.lowerBound.grouped), turns \(turns)")
  }

  /// A name where there is room for it.
  private func label(_ buffer: MemoryMap.Buffer) -> String? {
    let wide = x(buffer.turns.upperBound + 1) - x(buffer.turns.lowerBound)
    let tall = y(buffer.bytes.lowerBound) - y(buffer.bytes.upperBound)
    let name = String(buffer.name.suffix(40))
    guard tall >= 15, wide >= Double(name.count) * 7 + 8 else { return nil }
    return SVG.text(x(buffer.turns.lowerBound) + 5, y(buffer.bytes.upperBound) + tall / 2 + 4, name, size: 13)
  }
}

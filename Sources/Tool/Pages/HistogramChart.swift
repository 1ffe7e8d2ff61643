import Compiler
import Foundation

/// How often which values occur, on a logarithmic axis, and the range outside of which they are clipped.
struct HistogramChart {
  let title: String
  let histogram: Histogram
  /// What the tensor can hold.
  let held: ClosedRange<Float>
  private let left = 44.0
  private let top = 30.0
  private let width = 440.0
  private let height = 150.0
  private let columnCount = 110

  /// The picture.
  var svg: String {
    let low = Double(min(histogram.minimum, held.lowerBound))
    let high = Double(max(histogram.maximum, held.upperBound))
    let span = max(high - low, 1e-30)
    func x(_ value: Double) -> Double { left + width * (value - low) / span }
    let columns = columns(low: low, span: span)
    let most = log10(Double(max(2, columns.max() ?? 2)))
    var parts = [SVG.text(left, 16, title.count > 70 ? "…" + title.suffix(69) : title, size: 13)]
    parts.append(
      SVG.rectangle(
        x(Double(held.lowerBound)), top, max(1, x(Double(held.upperBound)) - x(Double(held.lowerBound))), height,
        kind: "panel"))
    for power in 0...Int(most) where Int(most) < 4 || power % 2 == 0 {
      let y = top + height * (1 - Double(power) / most)
      parts.append(SVG.line(left, y, left + width, y))
      parts.append(
        SVG.text(
          left - 5, y + 4, power < 4 ? "\(Int(pow(10, Double(power))))" : "1e\(power)", anchor: "end", size: 10,
          isSoft: true))
    }
    for (index, count) in columns.enumerated() where count > 0 {
      let tall = height * max(0.02, log10(Double(count)) / most)
      let value = low + span * (Double(index) + 0.5) / Double(columnCount)
      let isHeld = value >= Double(held.lowerBound) && value <= Double(held.upperBound)
      parts.append(
        SVG.rectangle(
          left + width * Double(index) / Double(columnCount), top + height - tall, width / Double(columnCount) - 0.5,
          tall, kind: isHeld ? "f0" : "f1"))
    }
    for end in [held.lowerBound, held.upperBound] {
      parts.append(SVG.line(x(Double(end)), top - 4, x(Double(end)), top + height, kind: "s1"))
      let isFirst = end == held.lowerBound
      parts.append(
        SVG.text(
          x(Double(end)), top + height + 14, Self.number(Double(end)), anchor: isFirst ? "start" : "end", size: 11))
    }
    if low < 0, high > 0, x(0) > left + 60, x(0) < left + width - 60 {
      parts.append(SVG.text(x(0), top + height + 14, "0", anchor: "middle", size: 11, isSoft: true))
    }
    return SVG.picture(width: 500, height: 206, title: title, parts)
  }

  /// Values by column; each bin counts in the column of its middle.
  private func columns(low: Double, span: Double) -> [UInt64] {
    var columns = [UInt64](repeating: 0, count: columnCount)
    func add(_ count: UInt64, at value: Double) {
      let place = Int(((value - low) / span * Double(columnCount)).rounded(.down))
      columns[min(columnCount - 1, max(0, place))] += count
    }
    for (bin, count) in histogram.counts.enumerated() where count > 0 {
      add(count, at: (Double(bin - Histogram.binsPerSide) + 0.5) * histogram.binWidth)
    }
    add(histogram.zeroCount, at: 0)
    return columns
  }

  /// Three digits that count.
  static func number(_ value: Double) -> String { String(format: "%.3g", value) }
}

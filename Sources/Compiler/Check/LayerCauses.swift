import Graph

extension LayerComparison {
  /// What spoils the layer, in sentences, the weightiest first; empty where nothing stands out.
  public var causes: [String] {
    var causes: [String] = []
    let lost = channels(.lost)
    if let first = lost.first {
      causes.append(
        "\(lost.count) of \(channels.count) channels (the first is \(first)) vary in float but are one value in int8")
    }
    if let wide = widestChannel {
      causes.append(
        "channel \(wide.channel) reaches \(short(wide.largest)), the middle one of its channels \(short(wide.middle)): "
          + "one scale cannot suit both")
    }
    if saturatedShare > 0.001 {
      causes.append(
        "\(percent(saturatedShare)) of the values lie outside \(short(heldRange.lowerBound))…"
          + "\(short(heldRange.upperBound)), which is all that int8 holds")
    }
    if let tail = rareTail {
      causes.append(
        "99.9 % of the values stay within ±\(short(tail.common)), but the range reaches \(short(tail.held)) for the rest"
      )
    }
    let weightShare = 1 - roundingShare - inputShare
    if isolated.signalToNoiseDecibels < 30, max(weightShare, inputShare) > 0.5 {
      causes.append(
        weightShare > inputShare
          ? "\(percent(weightShare)) of its error comes from its rounded weights"
          : "\(percent(inputShare)) of its error comes from the rounding of its inputs: see the layers before it")
    }
    return causes
  }

  /// The largest magnitude of each channel as it is stored.
  private var storedMagnitudes: [Float] {
    channels.map { channel in
      let form = StoredChannel(scale: channel.scale, offset: channel.offset)
      return max(abs(form.stored(channel.range.lowerBound)), abs(form.stored(channel.range.upperBound)))
    }
  }

  private var widestChannel: (channel: Int, largest: Float, middle: Float)? {
    let magnitudes = storedMagnitudes
    let alive = magnitudes.filter { $0 > 0 }.sorted()
    guard alive.count > 2, let largest = alive.last, let channel = magnitudes.firstIndex(of: largest) else {
      return nil
    }
    let middle = alive[alive.count / 2]
    return largest > 16 * middle ? (channel, largest, middle) : nil
  }

  /// Where few values need a range that is many times as wide as what the others need.
  private var rareTail: (common: Float, held: Float)? {
    let held = max(abs(heldRange.lowerBound), abs(heldRange.upperBound))
    let side = Histogram.binsPerSide
    var rest = histogram.finiteCount / 1000
    for distance in stride(from: side - 1, through: 0, by: -1) {
      let count = histogram.counts[side + distance] + histogram.counts[side - 1 - distance]
      if count > rest {
        let common = Float(Double(distance + 1) * histogram.binWidth)
        return held > 6 * common ? (common, held) : nil
      }
      rest -= count
    }
    return nil
  }

  private func percent(_ share: Double) -> String {
    let tenths = (share * 1000).rounded() / 10
    return "\(tenths) %"
  }

  /// Three digits that count.
  private func short(_ value: Float) -> String {
    guard value != 0, value.isFinite else { return "\(value)" }
    var (digits, scale): (Float, Float) = (abs(value), 1)
    while digits < 100, scale < 1e30 { (digits, scale) = (digits * 10, scale * 10) }
    let rounded = scale == 1 ? value.rounded() : (value * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e6 ? "\(Int(rounded))" : "\(rounded)"
  }
}

import Foundation
import Graph
import Martlet

/// How the values of a channel are stored: x ÷ scale − offset.
struct StoredChannel: Equatable, Sendable {
  var scale: Float = 1
  var offset: Float = 0

  /// What the packed model holds for a float value.
  func stored(_ value: Float) -> Float { value / scale - offset }

  /// The float value of what the packed model holds.
  func value(_ stored: Float) -> Float { (stored + offset) * scale }
}

/// What each channel of a packed layer was divided by, and what was taken from it, found again by comparing it with the
/// float layer.
struct FittedScales: Sendable {
  private var channels: [Sums]

  fileprivate struct Sums {
    var count = 0.0
    /// Of values that are not 0, the square of the step that each is rounded to, added up.
    var rounding = 0.0
    var found = 0.0
    var wanted = 0.0
    var square = 0.0
    var product = 0.0
    var wantedSquare = 0.0
    var lowest = Double.infinity
    var highest = -Double.infinity
  }

  init(channels: Int) { self.channels = Array(repeating: Sums(), count: channels) }

  mutating func add(_ expected: [Float], _ quantized: [Int32], _ rule: Quantization) {
    for (index, value) in quantized.enumerated() {
      let found = Double(rule.real(ofValue: value))
      let wanted = Double(expected[index])
      guard wanted.isFinite else { continue }
      channels[index % channels.count].add(found, wanted, step: Double(rule.scale))
    }
  }

  /// For each channel, of the scales that equalization chooses from, the one that fits best; 1 where nothing fits.
  /// - Parameter hasOffsets: whether biases may have been absorbed.
  func values(hasOffsets: Bool) -> [StoredChannel] { channels.map { $0.fit(hasOffset: hasOffsets) } }
}

extension FittedScales.Sums {
  fileprivate mutating func add(_ found: Double, _ wanted: Double, step: Double) {
    count += 1
    if found != 0 { rounding += step * step }
    self.found += found
    self.wanted += wanted
    square += found * found
    product += found * wanted
    wantedSquare += wanted * wanted
    (lowest, highest) = (min(lowest, wanted), max(highest, wanted))
  }

  fileprivate func fit(hasOffset: Bool) -> StoredChannel {
    var plain = StoredChannel()
    if product > 0, square > 0 {
      plain.scale = channelScale(near: product / square)
      // What rounding alone may be is no sign of a scale: a channel that hardly speaks would take any.
      if error(StoredChannel()) <= error(plain) + rounding { plain.scale = 1 }
    }
    guard hasOffset, count > 1, lowest > 0 else { return plain }
    let variance = square - found * found / count
    let covariance = product - found * wanted / count
    var shifted = StoredChannel()
    if variance > 0, covariance > 0 { shifted.scale = channelScale(near: covariance / variance) }
    let scale = Double(shifted.scale)
    let offset = (wanted / scale - found) / count
    guard offset > (highest - lowest) / scale / 8 else { return plain }
    shifted.offset = channelScale(near: offset)
    return error(shifted) < error(plain) / 4 ? shifted : plain
  }

  /// Σ (wanted − (found + offset) · scale)².
  private func error(_ channel: StoredChannel) -> Double {
    let (a, b) = (Double(channel.scale), Double(channel.offset) * Double(channel.scale))
    return wantedSquare + a * a * square + b * b * count - 2 * a * product - 2 * b * wanted + 2 * a * b * found
  }
}

extension ModelRunner {
  /// Whether channels inside the packed model may be scaled.
  var hasEqualizedChannels: Bool { provenance(equalizationKey) == "true" }

  /// Whether channels inside the packed model may be shifted.
  var hasAbsorbedBiases: Bool { provenance(absorptionKey).flatMap { Int($0) } ?? 0 > 0 }

  /// Whether some of the packed model's layers have int16 results.
  var hasInt16Layers: Bool { provenance(activationsKey) != nil }

  private func provenance(_ key: String) -> String? {
    let lines = String(model.provenance).split(separator: "\n")
    return lines.first { $0.hasPrefix("\(key): ") }.map { String($0.dropFirst(key.count + 2)) }
  }
}

/// The line of provenance that says whether channels were scaled.
let equalizationKey = "channel equalization"
/// The line of provenance that says which layers have int16 results.
let activationsKey = "activations"

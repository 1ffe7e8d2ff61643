import Datasets
import Foundation
import Graph

/// How numbers become colours.
enum ColorScale {
  /// From black over red and yellow to white.
  case heat
  /// 0 is the middle gray; negative numbers are blue, positive ones orange.
  case signed
  case gray

  /// - Parameter share: 0…1; for `signed` 0.5 is zero.
  func color(_ share: Float) -> [UInt8] {
    let share = share.isNaN ? 0 : min(1, max(0, share))
    func byte(_ value: Float) -> UInt8 { UInt8(min(255, max(0, (value * 255).rounded()))) }
    switch self {
    case .heat: return [byte(share * 2.2), byte(share * 2.2 - 0.7), byte(share * 3 - 2)]
    case .signed:
      let side = share * 2 - 1
      return side < 0
        ? [byte(0.5 + 0.45 * side), byte(0.5 + 0.1 * side), byte(0.5 - 0.5 * side)]
        : [byte(0.5 + 0.5 * side), byte(0.5 + 0.15 * side), byte(0.5 - 0.45 * side)]
    case .gray: return [byte(share), byte(share), byte(share)]
    }
  }
}

/// Height × width numbers that are looked at.
struct Plane: Equatable {
  let height: Int
  let width: Int
  /// Row by row.
  var values: [Float]

  /// All places of one channel of a tensor [1, H, W, C]; nil for other shapes.
  init?(_ tensor: Tensor, channel: Int) {
    guard tensor.shape.count == 4, tensor.shape[0] == 1, channel < tensor.shape[3] else { return nil }
    self.init(
      height: tensor.shape[1], width: tensor.shape[2],
      values: stride(from: channel, to: tensor.count, by: tensor.shape[3]).map { tensor.values[$0] })
  }

  init(height: Int, width: Int, values: [Float]) {
    precondition(values.count == height * width)
    (self.height, self.width, self.values) = (height, width, values)
  }

  /// From the smallest to the largest finite number.
  var range: ClosedRange<Float> {
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return 0...0 }
    return low...high
  }

  /// A picture; `range` (by default all of it) is what the scale spans. For `.signed` it is widened to both sides of 0.
  func image(_ scale: ColorScale, range: ClosedRange<Float>? = nil) -> Image {
    let range = range ?? self.range
    let side = max(abs(range.lowerBound), abs(range.upperBound))
    let (low, high) = scale == .signed ? (-side, side) : (range.lowerBound, range.upperBound)
    let span = high > low ? high - low : 1
    let pixels = values.flatMap { scale.color(high > low ? ($0 - low) / span : scale == .signed ? 0.5 : 0) }
    return Image(width: width, height: height, channels: 3, pixels: pixels)!
  }

  /// The same with other extents: between the four nearest numbers.
  func resized(height newHeight: Int, width newWidth: Int) -> Plane {
    func places(_ new: Int, _ old: Int) -> [(low: Int, high: Int, share: Float)] {
      (0..<new).map { place in
        let position = max(0, (Float(place) + 0.5) * Float(old) / Float(new) - 0.5)
        let low = min(old - 1, Int(position))
        return (low, min(old - 1, low + 1), position - Float(low))
      }
    }
    let (rows, columns) = (places(newHeight, height), places(newWidth, width))
    var result: [Float] = []
    result.reserveCapacity(newHeight * newWidth)
    for row in rows {
      for column in columns {
        func across(_ line: Int) -> Float {
          let (a, b) = (values[line * width + column.low], values[line * width + column.high])
          return a + (b - a) * min(1, column.share)
        }
        let (a, b) = (across(row.low), across(row.high))
        result.append(a + (b - a) * min(1, row.share))
      }
    }
    return Plane(height: newHeight, width: newWidth, values: result)
  }
}

extension Image {
  /// An element of a page that holds the picture itself.
  /// - Parameter width: on the screen.
  func markup(width shown: Int, title: String) -> String {
    "<img width=\"\(shown)\" height=\"\(max(1, shown * height / width))\" alt=\"\(title.escapedForMarkup)\" "
      + "title=\"\(title.escapedForMarkup)\" src=\"data:image/png;base64,\(Data(png).base64EncodedString())\">"
  }

  /// Each pixel as a square of `factor` × `factor`.
  func enlarged(by factor: Int) -> Image {
    guard factor > 1 else { return self }
    var enlarged: [UInt8] = []
    enlarged.reserveCapacity(pixels.count * factor * factor)
    for row in 0..<height {
      var line: [UInt8] = []
      for column in 0..<width {
        let start = (row * width + column) * channels
        for _ in 0..<factor { line += pixels[start..<start + channels] }
      }
      for _ in 0..<factor { enlarged += line }
    }
    return Image(width: width * factor, height: height * factor, channels: channels, pixels: enlarged)!
  }
}

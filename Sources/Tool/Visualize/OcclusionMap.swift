import Datasets
import Graph

/// On which parts of an input an answer depends: how much the score falls when a part is covered (Zeiler and Fergus,
/// Visualizing and Understanding Convolutional Networks, 2014).
struct OcclusionMap {
  /// The mean fall of the score over all covers of a place.
  let fall: Plane
  /// Which output was looked at, and its score with nothing covered.
  let output: Int
  let score: Float

  /// The place that the answer depends on most.
  var peak: (row: Int, column: Int) {
    let best = fall.values.indices.max { (fall.values[$0], $1) < (fall.values[$1], $0) } ?? 0
    return (best / fall.width, best % fall.width)
  }

  /// - Parameters:
  ///   - input: [1, H, W, C]. A cover holds the mean of each channel.
  ///   - output: whose score; nil: the largest.
  ///   - window: height and width of the cover.
  ///   - stride: by which the cover moves; at most `window`.
  ///   - scores: what the network answers.
  init(
    _ input: Tensor, output: Int?, window: Int, stride step: Int, progress: (Int, Int) -> Void = { _, _ in },
    scores: (Tensor) throws -> [Float]
  ) throws {
    guard input.shape.count == 4, input.shape[0] == 1 else {
      throw ToolError("An occlusion map needs a picture as input; this network takes \(input.shape.text).")
    }
    let (height, width, channels) = (input.shape[1], input.shape[2], input.shape[3])
    let first = try scores(input)
    guard let chosen = output ?? first.indices.max(by: { (first[$0], $1) < (first[$1], $0) }),
      first.indices.contains(chosen)
    else { throw ToolError("The network has \(first.count) outputs; there is no output \(output ?? 0).") }
    self.output = chosen
    score = first[chosen]
    let means = (0..<channels).map { channel in
      let values = Swift.stride(from: channel, to: input.count, by: channels).map { input.values[$0] }
      return values.reduce(0, +) / Float(max(1, values.count))
    }
    var (sums, counts) = ([Float](repeating: 0, count: height * width), [Float](repeating: 0, count: height * width))
    let (tops, lefts) = (Self.starts(height, window, step), Self.starts(width, window, step))
    for (number, place) in tops.flatMap({ top in lefts.map { (top, $0) } }).enumerated() {
      let rows = place.0..<min(height, place.0 + window)
      let columns = place.1..<min(width, place.1 + window)
      var covered = input
      for row in rows {
        for column in columns {
          for channel in 0..<channels { covered.values[(row * width + column) * channels + channel] = means[channel] }
        }
      }
      let loss = score - (try scores(covered))[chosen]
      for row in rows {
        for column in columns {
          sums[row * width + column] += loss
          counts[row * width + column] += 1
        }
      }
      progress(number + 1, tops.count * lefts.count)
    }
    fall = Plane(height: height, width: width, values: zip(sums, counts).map { $0 / max(1, $1) })
  }

  /// Where covers begin, so that all of an axis is covered.
  private static func starts(_ extent: Int, _ window: Int, _ step: Int) -> [Int] {
    let last = max(0, extent - window)
    return Array(Swift.stride(from: 0, to: last, by: step)) + [last]
  }
}

extension Image {
  /// The picture under a map, both half as strong.
  func under(_ map: Image) -> Image {
    let below = converted(toChannels: 3)
    let pixels = zip(below.pixels, map.pixels).map { UInt8((Int($0) + Int($1)) / 2) }
    return Image(width: width, height: height, channels: 3, pixels: pixels) ?? self
  }
}

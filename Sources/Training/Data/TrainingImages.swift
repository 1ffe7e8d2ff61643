import Graph

/// Labelled pictures of one size, all in memory, a byte a channel.
public struct TrainingImages: Sendable {
  /// Rows.
  public let height: Int
  /// Columns.
  public let width: Int
  /// Channels, adjacent.
  public let channels: Int
  /// A class for each picture.
  public private(set) var labels: [Int] = []
  private var pixels: [UInt8] = []

  /// No picture yet.
  public init(height: Int, width: Int, channels: Int) {
    (self.height, self.width, self.channels) = (height, width, channels)
  }

  /// How many pictures there are.
  public var count: Int { labels.count }

  /// Some of them, in the order of `indices`.
  public func subset(_ indices: [Int]) -> TrainingImages {
    var images = TrainingImages(height: height, width: width, channels: channels)
    images.pixels.reserveCapacity(indices.count * bytesAPicture)
    for index in indices {
      images.pixels += pixels[index * bytesAPicture..<(index + 1) * bytesAPicture]
      images.labels.append(labels[index])
    }
    return images
  }

  /// A number that other pictures, labels or orders of them hardly share.
  public var fingerprint: UInt64 {
    var hash = FowlerNollVoHash()
    pixels.withUnsafeBytes { bytes in
      for place in stride(from: 0, to: bytes.count - 7, by: 8) {
        hash.add(word: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
      }
      hash.add(bytes[(bytes.count / 8 * 8)...])
    }
    for label in labels { hash.add(word: UInt64(label)) }
    return hash.value
  }

  private var bytesAPicture: Int { height * width * channels }

  /// Adds one; `picture` is H×W×C.
  public mutating func append(_ picture: [UInt8], label: Int) {
    precondition(picture.count == bytesAPicture && label >= 0)
    pixels += picture
    labels.append(label)
  }

  /// A batch [N,H,W,C] of (pixel − mean) ÷ standardDeviation, each picture changed by `augmentation` first.
  /// - Parameters:
  ///   - indices: the pictures.
  ///   - mean: of each channel, in units of 0…255.
  ///   - standardDeviation: of each channel, in the same units.
  ///   - augmentation: what may happen to a picture.
  ///   - random: of this batch alone.
  public func batch(
    _ indices: [Int], mean: [Float], standardDeviation: [Float], _ augmentation: Augmentation,
    _ random: inout SplitMix64
  ) -> Tensor {
    var values = [Float](repeating: 0, count: indices.count * bytesAPicture)
    let (bytesAPicture, channels) = (bytesAPicture, channels)
    pixels.withUnsafeBufferPointer { pixels in
      values.withUnsafeMutableBufferPointer { values in
        for (number, index) in indices.enumerated() {
          let view = augmentation.view(height: height, width: width, &random)
          let picture = UnsafeBufferPointer(rebasing: pixels[index * bytesAPicture..<(index + 1) * bytesAPicture])
          view.write(picture, channels: channels) { place, channel, value in
            values[number * bytesAPicture + place * channels + channel] =
              (value - mean[channel]) / standardDeviation[channel]
          }
        }
      }
    }
    return Tensor(shape: [indices.count, height, width, channels], values: values)
  }

  /// The principal components of the colours of all pixels.
  public var colorComponents: ColorComponents {
    var sums = [Double](repeating: 0, count: channels)
    var products = [[Double]](repeating: sums, count: channels)
    pixels.withUnsafeBufferPointer { pixels in
      for start in stride(from: 0, to: pixels.count, by: channels) {
        for a in 0..<channels {
          sums[a] += Double(pixels[start + a])
          for b in 0...a { products[a][b] += Double(pixels[start + a]) * Double(pixels[start + b]) }
        }
      }
    }
    let total = Double(max(1, pixels.count / max(1, channels)))
    for a in 0..<channels {
      for b in 0...a {
        products[a][b] = products[a][b] / total - sums[a] * sums[b] / total / total
        products[b][a] = products[a][b]
      }
    }
    return ColorComponents(covariance: products)
  }
}

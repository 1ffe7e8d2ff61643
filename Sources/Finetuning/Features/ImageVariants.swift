import Datasets
import Graph

extension Image {
  /// Left and right exchanged.
  func mirrored() -> Image {
    var mirrored = pixels
    for row in 0..<height {
      for column in 0..<width {
        let from = (row * width + column) * channels
        let to = (row * width + width - 1 - column) * channels
        for channel in 0..<channels { mirrored[to + channel] = pixels[from + channel] }
      }
    }
    return Image(width: width, height: height, channels: channels, pixels: mirrored) ?? self
  }

  /// The picture as training sees it: number 0 is the picture itself, 1 its mirror image, and each further one a part of it,
  /// with sides of 70 to 100 % cut out at a place that the seed decides, every other one mirrored.
  func variant(_ number: Int, seed: UInt64) -> Image {
    if number == 0 { return self }
    if number == 1 { return mirrored() }
    var random = SplitMix64(seed: seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
    let percent = 70 + random.below(31)
    let (newWidth, newHeight) = (max(1, width * percent / 100), max(1, height * percent / 100))
    let part = cropped(
      left: random.below(width - newWidth + 1), top: random.below(height - newHeight + 1), width: newWidth,
      height: newHeight)
    return number % 2 == 1 ? part.mirrored() : part
  }
}

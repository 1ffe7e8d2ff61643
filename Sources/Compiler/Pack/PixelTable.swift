import Graph
import Martlet

extension PreprocessingRecord {
  /// The real values that a pixel of 0…255 can become in any channel.
  var range: ClosedRange<Float> {
    var range: ClosedRange<Float> = 0...0
    for channel in 0..<Int(channels) {
      let ends = [normalized(0, channel), normalized(255, channel)]
      range = range.union(ends.min()!...ends.max()!)
    }
    return range
  }

  /// (pixel − mean) ÷ standard deviation.
  func normalized(_ pixel: Int, _ channel: Int) -> Float {
    (Float(pixel) - mean[channel]) / standardDeviation[channel]
  }

  /// Enters the stored byte of each pixel value of each channel.
  mutating func fillPixelTable(_ quantization: Quantization) {
    for channel in 0..<Int(channels) {
      for pixel in 0..<256 {
        let quantized = quantization.quantize(normalized(pixel, channel))
        pixelTable[channel * 256 + pixel] = UInt8(Int(quantized) + 128)
      }
    }
  }

  /// Takes the size of the network's input where none was given, and checks the rest.
  /// - Throws: `GraphError` when this describes another input than the network's, or a division by zero.
  mutating func adapt(toInput shape: RuntimeShape) throws(GraphError) {
    if height == 0 { height = Int32(shape.height) }
    if width == 0 { width = Int32(shape.width) }
    if channels == 0 { channels = Int32(shape.channels) }
    guard [Int(height), Int(width), Int(channels)] == shape.sizes, channels == 1 || channels == 3 else {
      throw GraphError(
        "preprocessing makes pictures of \(height)×\(width)×\(channels), but the network's input is "
          + "\(shape.height)×\(shape.width)×\(shape.channels); give its size, or leave preprocessing out")
    }
    for channel in 0..<Int(channels) {
      guard mean[channel].isFinite, standardDeviation[channel].isFinite, standardDeviation[channel] > 0 else {
        throw GraphError("preprocessing needs a finite mean and a positive standard deviation for each channel")
      }
    }
  }
}

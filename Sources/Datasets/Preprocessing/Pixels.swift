/// Applying the rules to pictures.
extension Preprocessing {
  /// `image` with the network's size and number of channels: what `Session.setInput(pixels:)` takes. Red comes first
  /// whatever the network's order is.
  public func pixels(of image: Image) -> Image {
    let sized: Image
    switch resizeRule {
    case .stretch: sized = image.resized(width: width, height: height, antialiased: isAntialiased)
    case .shorterSideThenCrop(let shorterSide):
      sized = image.resizedAndCropped(
        shorterSide: shorterSide, width: width, height: height, antialiased: isAntialiased)
    case .cropThenResize(let fraction):
      let (cropWidth, cropHeight) = centralSize(of: image, fraction: fraction)
      sized = image.centerCropped(width: cropWidth, height: cropHeight).resized(
        width: width, height: height, antialiased: isAntialiased)
    }
    return sized.converted(toChannels: channels)
  }

  /// The network's input for `image`: height × width × channels values in the network's channel order,
  /// (x − mean) ÷ standardDeviation.
  public func tensorValues(of image: Image) -> [Float] {
    let sized = pixels(of: image)
    return values(of: channelOrder == .blueFirst ? sized.withRedAndBlueExchanged().pixels : sized.pixels)
  }

  /// The network's input for an item of a data set: a picture by the rules, bytes as pixels in the network's size and
  /// channel order, numbers as they are.
  public func tensorValues(of item: Dataset.Item) throws(DatasetError) -> [Float] {
    let size = width * height * channels
    switch item.content {
    case .image(let image): return tensorValues(of: image)
    case .bytes(let bytes):
      guard bytes.count == size else { throw mismatch(item, bytes.count) }
      return values(of: bytes)
    case .tensor(_, let values):
      guard values.count == size else { throw mismatch(item, values.count) }
      return values
    }
  }

  private func mismatch(_ item: Dataset.Item, _ count: Int) -> DatasetError {
    DatasetError(
      "\(item.name) holds \(count) values, but the network takes \(height)×\(width)×\(channels) = "
        + "\(height * width * channels).")
  }

  /// (x − mean) ÷ standardDeviation of samples that have the network's size and order (height × width × channels bytes).
  public func values(of samples: [UInt8]) -> [Float] {
    let table = (0..<channels).map { channel in
      (0...255).map { (Float($0) - mean[channel]) / standardDeviation[channel] }
    }
    return [Float](unsafeUninitializedCapacity: samples.count) { output, count in
      for channel in 0..<channels {
        table[channel].withUnsafeBufferPointer { table in
          for index in stride(from: channel, to: samples.count, by: channels) {
            output[index] = table[Int(samples[index])]
          }
        }
      }
      count = samples.count
    }
  }

  /// The largest rectangle of the network's proportions that fits into `image`, times `fraction`, rounded, at least one
  /// pixel.
  private func centralSize(of image: Image, fraction: Double) -> (width: Int, height: Int) {
    let scale = min(Double(image.width) / Double(width), Double(image.height) / Double(height)) * fraction
    func side(_ network: Int, _ available: Int) -> Int {
      min(available, max(1, Int((Double(network) * scale).rounded())))
    }
    return (side(width, image.width), side(height, image.height))
  }
}

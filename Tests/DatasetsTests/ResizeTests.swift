import Testing

@testable import Datasets

@Suite struct ResizeTests {
  /// The definition in floating-point: a triangle of the given reach around each output pixel's center.
  private func defined(_ input: [Double], to count: Int, antialiased: Bool) -> [Double] {
    let scale = Double(input.count) / Double(count)
    let reach = antialiased ? max(1, scale) : 1
    return (0..<count).map { output in
      let center = (Double(output) + 0.5) * scale
      let weights = input.indices.map { max(0, 1 - abs(Double($0) + 0.5 - center) / reach) }
      return zip(input, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    }
  }

  @Test func oneRowByHand() throws {
    let row = try #require(Image(width: 4, height: 1, channels: 1, pixels: [0, 100, 200, 40]))
    // Halving: the weights are 1, 3, 3, 1 eighths; at the border the first falls away.
    #expect(row.resized(width: 2, height: 1).pixels == [71, 117])
    #expect(row.resized(width: 2, height: 1, antialiased: false).pixels == [50, 120])
    #expect(row.resized(width: 4, height: 1) == row)
    let two = try #require(Image(width: 2, height: 1, channels: 1, pixels: [0, 100]))
    #expect(two.resized(width: 4, height: 1).pixels == [0, 25, 75, 100])
  }

  @Test(arguments: [(17, 13, 8, 6), (17, 13, 40, 31), (30, 5, 7, 5), (5, 30, 5, 7), (64, 48, 9, 47), (1, 1, 3, 3)])
  func equalsTheDefinition(width: Int, height: Int, newWidth: Int, newHeight: Int) throws {
    var random = SplitMix(state: 1)
    for antialiased in [true, false] {
      for channels in [1, 3] {
        let pixels = (0..<width * height * channels).map { _ in UInt8.random(in: 0...255, using: &random) }
        let image = try #require(Image(width: width, height: height, channels: channels, pixels: pixels))
        let resized = image.resized(width: newWidth, height: newHeight, antialiased: antialiased)
        #expect((resized.width, resized.height, resized.channels) == (newWidth, newHeight, channels))
        for channel in 0..<channels {
          let rows = (0..<height).map { row in
            let values = (0..<width).map { Double(pixels[(row * width + $0) * channels + channel]) }
            return defined(values, to: newWidth, antialiased: antialiased)
          }
          for column in 0..<newWidth {
            let expected = defined(rows.map { $0[column] }, to: newHeight, antialiased: antialiased)
            for row in 0..<newHeight {
              let actual = Double(resized.pixels[(row * newWidth + column) * channels + channel])
              // Each of the two passes rounds once.
              #expect(abs(actual - expected[row]) < 1.001)
            }
          }
        }
      }
    }
  }

  @Test func cutsTheCenter() throws {
    let pixels = (0..<15).map(UInt8.init)
    let image = try #require(Image(width: 5, height: 3, channels: 1, pixels: pixels))
    #expect(image.centerCropped(width: 3, height: 1).pixels == [6, 7, 8])
    // Margins of ½ and 1½ go to 0 and 2.
    #expect(image.centerCropped(width: 4, height: 2).pixels == [0, 1, 2, 3, 5, 6, 7, 8])
    #expect(image.centerCropped(width: 2, height: 3).pixels == [2, 3, 7, 8, 12, 13])
  }

  @Test(arguments: [(40, 30), (30, 41), (33, 33), (100, 7)])
  func cuttingWhileResizingChangesNothing(width: Int, height: Int) throws {
    var random = SplitMix(state: 2)
    let pixels = (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
    let image = try #require(Image(width: width, height: height, channels: 3, pixels: pixels))
    let shorter = min(width, height)
    let whole = image.resized(width: width * 16 / shorter, height: height * 16 / shorter)
    #expect(
      image.resizedAndCropped(shorterSide: 16, width: 14, height: 14) == whole.centerCropped(width: 14, height: 14))
  }

  @Test func extremeProportionsStaySmall() throws {
    let line = try #require(Image(width: 60_000, height: 1, channels: 1, pixels: [UInt8](repeating: 9, count: 60_000)))
    let square = line.resizedAndCropped(shorterSide: 256, width: 224, height: 224)
    #expect(square.pixels == [UInt8](repeating: 9, count: 224 * 224))
    // A wide network from a tall picture: enlarged until it covers.
    let tall = try #require(Image(width: 10, height: 20, channels: 1, pixels: [UInt8](repeating: 3, count: 200)))
    let wide = tall.resizedAndCropped(shorterSide: 8, width: 32, height: 8)
    #expect((wide.width, wide.height) == (32, 8))
    #expect(tall.resizedAndCropped(shorterSide: 1, width: 10, height: 64).pixels.count == 640)
  }

  @Test func convertsChannels() throws {
    let color = try #require(Image(width: 2, height: 1, channels: 3, pixels: [255, 0, 0, 10, 20, 30]))
    #expect(color.converted(toChannels: 1).pixels == [76, 18])
    #expect(color.converted(toChannels: 1).converted(toChannels: 3).pixels == [76, 76, 76, 18, 18, 18])
    #expect(color.withRedAndBlueExchanged().pixels == [0, 0, 255, 30, 20, 10])
    #expect(Image(width: 2, height: 1, channels: 3, pixels: [1, 2, 3]) == nil)
    #expect(Image(width: Int.max, height: 2, channels: 3, pixels: []) == nil)
    #expect(Image(width: 1, height: 1, channels: 2, pixels: [1, 2]) == nil)
  }
}

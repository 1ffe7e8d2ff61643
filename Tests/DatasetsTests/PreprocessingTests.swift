import Testing

@testable import Datasets

@Suite struct PreprocessingTests {
  private func plain(_ width: Int, _ height: Int, _ color: [UInt8]) throws -> Image {
    let pixels = (0..<width * height).flatMap { _ in color }
    return try #require(Image(width: width, height: height, channels: color.count, pixels: pixels))
  }

  @Test func presetsAreThePublishedOnes() throws {
    let imagenet = try #require(Preprocessing.preset("imagenet"))
    #expect(imagenet.resizeRule == .shorterSideThenCrop(shorterSide: 256))
    #expect((imagenet.width, imagenet.height, imagenet.channels) == (224, 224, 3))
    let values = imagenet.tensorValues(of: try plain(300, 280, [124, 0, 255]))
    #expect(values.count == 224 * 224 * 3)
    #expect(abs(values[0] - 0.0055656) < 1e-5 && abs(values[1] + 2.0357144) < 1e-5 && abs(values[2] - 2.64) < 1e-5)
    let small = try #require(Preprocessing.preset("imagenet", width: 96, height: 96))
    #expect(small.resizeRule == .shorterSideThenCrop(shorterSide: 110))
    let tensorflow = try #require(Preprocessing.preset("imagenet-tf", width: 128, height: 128))
    #expect(Array(tensorflow.tensorValues(of: try plain(256, 300, [255, 0, 51])).prefix(3)) == [1, -1, -0.6])
    let cifar = try #require(Preprocessing.preset("cifar10"))
    #expect(cifar.pixels(of: try plain(32, 32, [1, 2, 3])) == (try plain(32, 32, [1, 2, 3])))
    let mnist = try #require(Preprocessing.preset("mnist"))
    #expect(mnist.tensorValues(of: try plain(28, 28, [255])) == [Float](repeating: 1, count: 784))
    #expect(mnist.tensorValues(of: try plain(56, 56, [0, 0, 0])) == [Float](repeating: 0, count: 784))
    #expect(Preprocessing.preset("other") == nil)
    #expect(Preprocessing.presetNames.allSatisfy { Preprocessing.preset($0) != nil })
  }

  @Test func blueFirstExchangesOnlyTheTensor() throws {
    let rules = try Preprocessing(
      width: 1, height: 1, resizeRule: .stretch, channelOrder: .blueFirst, mean: [1, 2, 3], standardDeviation: [2])
    let image = try plain(4, 4, [10, 20, 30])
    #expect(rules.pixels(of: image).pixels == [10, 20, 30])
    #expect(rules.tensorValues(of: image) == [14.5, 9, 3.5])
  }

  @Test func cropThenResizeTakesTheCenter() throws {
    // 8×8 picture, black but for the central 4×4.
    let pixels = (0..<64).map { index -> UInt8 in (2..<6).contains(index / 8) && (2..<6).contains(index % 8) ? 200 : 0 }
    let image = try #require(Image(width: 8, height: 8, channels: 1, pixels: pixels))
    let rules = try Preprocessing(width: 2, height: 2, channels: 1, resizeRule: .cropThenResize(fraction: 0.5))
    #expect(rules.pixels(of: image).pixels == [200, 200, 200, 200])
    let whole = try Preprocessing(width: 2, height: 2, channels: 1, resizeRule: .cropThenResize(fraction: 1))
    #expect(whole.pixels(of: image).pixels[0] < 200)
  }

  @Test func itemsOfOtherKinds() throws {
    let rules = try Preprocessing(
      width: 2, height: 1, channels: 1, resizeRule: .stretch, mean: [1], standardDeviation: [2])
    func item(_ content: Dataset.Content) -> Dataset.Item {
      Dataset.Item(content: content, label: nil, name: "x.npy[3]")
    }
    #expect(try rules.tensorValues(of: item(.bytes([3, 5]))) == [1, 2])
    #expect(try rules.tensorValues(of: item(.tensor(shape: [2], values: [0.5, 7]))) == [0.5, 7])
    let error = #expect(throws: DatasetError.self) { try rules.tensorValues(of: item(.bytes([3]))) }
    #expect(error?.description == "x.npy[3] holds 1 values, but the network takes 1×2×1 = 2.")
  }

  @Test func refusesRulesThatDoNotFit() {
    #expect(throws: DatasetError.self) { try Preprocessing(width: 0, height: 1, resizeRule: .stretch) }
    #expect(throws: DatasetError.self) { try Preprocessing(width: 1, height: 1, channels: 4, resizeRule: .stretch) }
    #expect(throws: DatasetError.self) { try Preprocessing(width: 1, height: 1, resizeRule: .stretch, mean: [1, 2]) }
    #expect(throws: DatasetError.self) {
      try Preprocessing(width: 1, height: 1, resizeRule: .stretch, standardDeviation: [0])
    }
    #expect(throws: DatasetError.self) {
      try Preprocessing(width: 9, height: 9, resizeRule: .shorterSideThenCrop(shorterSide: 8))
    }
    #expect(throws: DatasetError.self) {
      try Preprocessing(width: 1, height: 1, resizeRule: .cropThenResize(fraction: 2))
    }
    #expect(throws: DatasetError.self) { try Preprocessing.rule(cropFraction: 0, width: 9, height: 9) }
  }
}

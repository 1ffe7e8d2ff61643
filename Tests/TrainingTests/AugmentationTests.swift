import Graph
import Testing

@testable import Training

@Suite struct AugmentationTests {
  /// One picture of 4×4 RGB pixels, all different.
  private var picture: [UInt8] { (0..<48).map { UInt8($0 * 5) } }

  private func changed(_ view: PictureView) -> [Float] {
    var values = [Float](repeating: -1, count: 48)
    picture.withUnsafeBufferPointer { view.write($0, channels: 3) { values[$0 * 3 + $1] = $2 } }
    return values
  }

  /// The places (row × 4 + column) from which the first channel of each pixel came; −1: from outside.
  private func places(_ view: PictureView) -> [Int] {
    (0..<16).map { Int(changed(view)[$0 * 3]) }.map { $0 < 0 ? -1 : $0 / 15 }
  }

  @Test func bordersOfMovedPictures() {
    var view = PictureView(height: 4, width: 4)
    view.right = -2
    #expect(places(view).prefix(4) == [-1, -1, 0, 1])
    view.border = .edge
    #expect(places(view).prefix(4) == [0, 0, 0, 1])
    view.border = .reflect
    #expect(places(view).prefix(4) == [2, 1, 0, 1])
    view.border = .wrap
    #expect(places(view).prefix(4) == [2, 3, 0, 1])
    view.border = .noise
    (view.noiseSeed, view.isFlipped) = (1, true)
    #expect(places(view)[0] == 1 && places(view)[1] == 0)
    let noise = changed(view)
    #expect(Set(noise).count > 30 && noise.allSatisfy { (0...255).contains($0) })
    view.noiseSeed = 2
    #expect(changed(view) != noise)
  }

  @Test func enlargesWindows() {
    var view = PictureView(height: 4, width: 4)
    view.window = PictureView.Window(top: 0, left: 0, scale: 1)
    #expect(changed(view) == picture.map { Float($0) })
    // The middle half: rows and columns 1 and 2, sampled at 0.75, 1.25, 1.75 and 2.25.
    view.window = PictureView.Window(top: 1, left: 1, scale: 0.5)
    let (row, column): (Float, Float) = (60, 15)
    let first = (0..<4).map { changed(view)[$0 * 3] }
    #expect(first == [0.75, 1.25, 1.75, 2.25].map { 0.75 * row + $0 * column })
  }

  @Test func shiftsColorsAlongTheirComponents() {
    // Pixels on the line (1, 2, 2) · t: one component with all the variance, 9 · variance of t.
    var images = TrainingImages(height: 1, width: 4, channels: 3)
    images.append([0, 0, 0, 10, 20, 20, 20, 40, 40, 30, 60, 60], label: 0)
    let components = images.colorComponents
    let largest = components.variances.indices.max { components.variances[$0] < components.variances[$1] } ?? 0
    #expect(abs(components.variances[largest] - 9 * 125) < 1e-6)
    let axis = components.axes[largest].map { $0 * components.axes[largest][0].sign }
    #expect(zip(axis, [1, 2, 2]).allSatisfy { abs($0 - $1 / 3) < 1e-9 })
    #expect(components.variances.reduce(0, +) - components.variances[largest] < 1e-6)

    var augmentation = Augmentation()
    (augmentation.colors, augmentation.colorDeviation) = (components, 0.1)
    var random = SplitMix64(seed: 5)
    let shifts = (0..<4000).map { _ in augmentation.view(height: 1, width: 4, &random).colorShift }
    #expect(shifts.allSatisfy { abs($0[1] - 2 * $0[0]) < 1e-4 && abs($0[2] - $0[1]) < 1e-4 })
    let deviation = (shifts.reduce(0) { $0 + Double($1[0] * $1[0]) } / 4000).squareRoot() * 3
    #expect(abs(deviation / (0.1 * 9 * 125 / 255) - 1) < 0.05)
  }

  @Test func mixesPictures() {
    let mixup = Mixup(alpha: 0.4)
    var random = SplitMix64(seed: 3)
    let original = Tensor(shape: [3, 2], values: [1, 10, 2, 20, 4, 40])
    var batch = original
    let mixed = mixup.mix(&batch, labels: [5, 6, 7], &random)
    for image in 0..<3 {
      let partner = mixed.partners[image] - 5
      for place in 0..<2 {
        let wanted =
          mixed.share * original.values[image * 2 + place] + (1 - mixed.share) * original.values[partner * 2 + place]
        #expect(batch.values[image * 2 + place] == wanted)
      }
    }
    // Beta(α, α) has mean ½ and variance 1 / (4 · (2 α + 1)).
    let shares = (0..<4000).map { _ in mixup.share(&random) }
    let mean = shares.reduce(0, +) / 4000
    let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000
    #expect(abs(mean - 0.5) < 0.02 && abs(variance - 1 / 7.2) < 0.005)
  }

  @Test func changesAreRepeatableAndLeavePlainRunsAsTheyWere() {
    var images = TrainingImages(height: 4, width: 4, channels: 3)
    images.append(picture, label: 0)
    var augmentation = Augmentation(shiftPixels: 1, flips: true, cutoutPixels: 2)
    func batch() -> [Float] {
      var random = SplitMix64(seed: 9)
      return images.batch(
        [0, 0, 0, 0], mean: [10, 10, 10], standardDeviation: [2, 2, 2], augmentation, &random
      ).values
    }
    let plain = batch()
    #expect(plain == batch() && plain.contains(0))
    (augmentation.cropShare, augmentation.border) = (0.6, .random)
    #expect(batch() == batch() && batch() != plain)
  }
}

extension Double {
  fileprivate var sign: Double { self < 0 ? -1 : 1 }
}

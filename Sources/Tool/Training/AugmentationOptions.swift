import ArgumentParser
import Training

/// Random changes of training pictures.
struct AugmentationOptions: ParsableArguments {
  @Option(help: "Move pictures by up to this many pixels at random: a random crop of the padded picture.")
  var shift = 0

  @Option(
    help: "What comes in from outside then: mean (of the data), edge, reflect, wrap, noise, or random (any of them).")
  var padding = Augmentation.Border.mean

  @Flag(help: "Mirror half of the pictures.")
  var flip = false

  @Option(help: "Cut a window of at least this share of the sides out at random and enlarge it.")
  var crop: Float = 1

  @Option(help: "Blank a square of this side out at a random place.")
  var cutout = 0

  @Option(help: "Shift colours along their principal components, with this deviation; 0.1 is usual.")
  var color: Float = 0

  @Option(help: "Mix pairs of pictures and their labels, by shares of the distribution Beta(α, α); 0.2 is usual.")
  var mixup: Double = 0

  func validate() throws {
    guard (0...64).contains(shift), (0...1024).contains(cutout) else {
      throw ValidationError("--shift must lie in 0…64, --cutout in 0…1024.")
    }
    guard crop >= 0.05, crop <= 1 else { throw ValidationError("--crop must lie in 0.05…1.") }
    guard color >= 0, color <= 10 else { throw ValidationError("--color must lie in 0…10.") }
    guard mixup == 0 || (0.05...1).contains(mixup) else { throw ValidationError("--mixup is 0, or lies in 0.05…1.") }
  }

  /// The changes, for these pictures.
  func augmentation(_ images: TrainingImages) -> Augmentation {
    var augmentation = Augmentation(shiftPixels: shift, flips: flip, cutoutPixels: cutout)
    (augmentation.border, augmentation.cropShare, augmentation.colorDeviation) = (padding, crop, color)
    if color > 0, images.channels == 3 { augmentation.colors = images.colorComponents }
    return augmentation
  }

  /// Under the options' names.
  var settings: [String: String] {
    [
      "shift": "\(shift)", "padding": padding.rawValue, "flip": "\(flip)", "crop": "\(crop)", "cutout": "\(cutout)",
      "color": "\(color)", "mixup": "\(mixup)",
    ]
  }
}

extension Augmentation.Border: ExpressibleByArgument {}

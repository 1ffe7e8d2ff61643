import Graph

/// Random changes of training pictures.
public struct Augmentation: Sendable, Equatable {
  /// What lies outside a picture that was moved.
  public enum Border: String, Sendable, CaseIterable {
    /// The mean of the data: real 0.
    case mean
    /// The outermost pixels again.
    case edge
    /// The picture mirrored, without its outermost pixels twice.
    case reflect
    /// The picture again from its other side.
    case wrap
    /// Random pixels.
    case noise
    /// For each picture one of the others.
    case random
  }

  /// The picture is moved by up to so many pixels in each direction: a random crop of the padded picture.
  public var shiftPixels = 0
  /// What comes in from outside.
  public var border = Border.mean
  /// Whether half of the pictures are mirrored.
  public var flips = false
  /// A window whose sides are at least this share of the picture's is cut out at random and enlarged to its size; 1: none.
  public var cropShare: Float = 1
  /// The side of a square that is blanked out at a random place (DeVries and Taylor 2017); 0: none.
  public var cutoutPixels = 0
  /// The deviation of shifts along `colors`; 0: none.
  public var colorDeviation: Float = 0
  /// Of the training pictures.
  public var colors: ColorComponents?

  /// Moves, flips and blanked squares; without any, pictures stay as they are.
  public init(shiftPixels: Int = 0, flips: Bool = false, cutoutPixels: Int = 0) {
    (self.shiftPixels, self.flips, self.cutoutPixels) = (shiftPixels, flips, cutoutPixels)
  }

  func view(height: Int, width: Int, _ random: inout SplitMix64) -> PictureView {
    var view = PictureView(height: height, width: width)
    if shiftPixels > 0 {
      view.down = random.below(2 * shiftPixels + 1) - shiftPixels
      view.right = random.below(2 * shiftPixels + 1) - shiftPixels
    }
    if flips { view.isFlipped = random.below(2) == 1 }
    if cutoutPixels > 0 {
      let (row, column) = (random.below(height) - cutoutPixels / 2, random.below(width) - cutoutPixels / 2)
      view.blankRows = row..<row + cutoutPixels
      view.blankColumns = column..<column + cutoutPixels
    }
    if border != .mean {
      let kinds: [Border] = [.mean, .edge, .reflect, .wrap, .noise]
      view.border = border == .random ? kinds[random.below(kinds.count)] : border
      if view.border == .noise { view.noiseSeed = random.next() }
    }
    if cropShare < 1 {
      let share = cropShare + (1 - cropShare) * Float(random.unit())
      view.window = PictureView.Window(
        top: Float(random.unit()) * (1 - share) * Float(height),
        left: Float(random.unit()) * (1 - share) * Float(width),
        scale: share)
    }
    if colorDeviation > 0, let colors { view.colorShift = colors.shift(deviation: colorDeviation, &random) }
    return view
  }
}

import Graph

/// Random changes of training pictures. What is cut in from outside a picture has the mean of the data: real 0.
public struct Augmentation: Sendable, Equatable {
  /// The picture is moved by up to so many pixels in each direction.
  public var shiftPixels: Int
  /// Whether half of the pictures are mirrored.
  public var flips: Bool
  /// The side of a square that is blanked out at a random place (DeVries and Taylor 2017); 0: none.
  public var cutoutPixels: Int

  /// These changes; without any, pictures stay as they are.
  public init(shiftPixels: Int = 0, flips: Bool = false, cutoutPixels: Int = 0) {
    (self.shiftPixels, self.flips, self.cutoutPixels) = (shiftPixels, flips, cutoutPixels)
  }

  /// Where one picture's pixels come from.
  struct View {
    let height: Int
    let width: Int
    var down = 0
    var right = 0
    var isFlipped = false
    var blankRows = 0..<0
    var blankColumns = 0..<0

    /// The pixel's place in the picture; nil outside.
    func source(row: Int, column: Int) -> (row: Int, column: Int)? {
      if blankRows.contains(row), blankColumns.contains(column) { return nil }
      let (y, x) = (row + down, (isFlipped ? width - 1 - column : column) + right)
      return (0..<height).contains(y) && (0..<width).contains(x) ? (y, x) : nil
    }
  }

  func view(height: Int, width: Int, _ random: inout SplitMix64) -> View {
    var view = View(height: height, width: width)
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
    return view
  }
}

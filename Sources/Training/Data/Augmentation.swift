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

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers on every machine.
public struct SplitMix64: Sendable {
  private var state: UInt64

  /// The numbers of this seed.
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number in 0..<bound.
  public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// 0..<count in random order (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in stride(from: count - 1, to: 0, by: -1) { order.swapAt(index, below(index + 1)) }
    return order
  }
}

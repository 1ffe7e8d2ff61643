/// Height and width of a kernel, stride or dilation.
public struct Size2D: Hashable, Sendable {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int

  /// A size.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  /// 1×1.
  public static let one = Size2D(1, 1)
}

/// Rows and columns added around an image.
public struct Padding2D: Hashable, Sendable {
  /// Rows above.
  public var top: Int
  /// Columns to the left.
  public var left: Int
  /// Rows below.
  public var bottom: Int
  /// Columns to the right.
  public var right: Int

  /// Padding on four sides.
  public init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  /// None.
  public static let zero = Padding2D(top: 0, left: 0, bottom: 0, right: 0)
}

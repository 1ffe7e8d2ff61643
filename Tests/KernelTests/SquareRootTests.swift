import CShim
import Testing

/// The integer square root is IEEE 754's, which Swift's own is.
@Suite struct SquareRootTests {
  @Test func isTheNearestFloat() {
    var random = Random(seed: 31)
    for _ in 0..<300_000 {
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()) % 0x7F80_0000)
      expectRoot(value)
    }
    for bits in 0..<1000 as Range<UInt32> { expectRoot(Float(bitPattern: bits)) }
    for root in 0..<5000 { expectRoot(Float(root * root)) }
    for value in [Float.leastNormalMagnitude, .leastNormalMagnitude.nextDown, .greatestFiniteMagnitude, 0.25, 2] {
      expectRoot(value)
      expectRoot(value.nextDown)
    }
  }

  private func expectRoot(_ value: Float) {
    if martlet_square_root(value) != value.squareRoot() { Issue.record("the root of \(value)") }
  }
}

/// A curve's points lie where the header says, and close enough.
@Suite struct CurveTests {
  @Test func pointsReachTheLargestNumber() {
    for largest in [0, 1, 63, 64, 65, 127, 128, 1000, 65025, 1 << 20, UInt32.max] {
      let points = martlet_curve_points(largest)
      #expect(martlet_curve_number(points - 1) > Double(largest))
      #expect(martlet_curve_number(points - 2) <= Double(largest))
      for point in 1..<points { #expect(martlet_curve_number(point) > martlet_curve_number(point - 1)) }
    }
  }
}

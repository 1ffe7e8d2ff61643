import CShim

/// The points of a curve (see `martlet_curve`) of the sums 0 … `largest`, as table bytes.
func curveTable(largest: UInt32, _ function: (Double) -> Double) -> [UInt8] {
  (0..<martlet_curve_points(largest)).flatMap { point in
    let value = function(martlet_curve_number(point))
    return littleEndian(Float(min(4_194_304, value)).bitPattern)
  }
}

/// A number's four bytes, as tables hold them.
func littleEndian(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }

/// A number's four bytes, as tables hold them.
func littleEndian(_ number: Int32) -> [UInt8] { littleEndian(UInt32(bitPattern: number)) }

/// How many bits a weight has in the packed file.
public enum WeightBits: Int, Sendable {
  /// −7…7, two to a byte.
  case four = 4
  /// −127…127.
  case eight = 8

  /// The largest value; the smallest is its negative.
  public var largest: Float { self == .four ? 7 : 127 }

  /// What a channel's weights are limited to, so that their rounding errors add up to the least: of eight bits their
  /// largest magnitude; with four, steps are so wide that cutting off the largest weights often costs less.
  /// - Parameters:
  ///   - weights: finite numbers.
  ///   - importance: of each weight's squared error; nil: all alike.
  public func limit(of weights: [Float], importance: [Float]? = nil) -> Float {
    let largest = weights.reduce(0) { max($0, abs($1)) }
    guard self == .four, largest > 0 else { return largest }
    var best = (limit: largest, cost: Double.infinity)
    for percent in stride(from: 100, through: 40, by: -4) {
      let limit = largest * Float(percent) / 100
      let scale = limit / self.largest
      var cost = 0.0
      for (place, weight) in weights.enumerated() {
        let value = max(-self.largest, min(self.largest, (weight / scale).rounded(.toNearestOrEven)))
        let error = Double(weight - value * scale)
        cost += error * error * Double(importance?[place] ?? 1)
      }
      if cost < best.cost { best = (limit, cost) }
    }
    return best.limit
  }
}

/// Packed int8 values −8…7 as halves of bytes, as `martlet_four_bit` has them: of each 64 values the first 32 are the low
/// halves of 32 bytes.
public func packedInHalves(_ values: [Int8]) -> [Int8] {
  var bytes = [Int8](repeating: 0, count: values.count / 2)
  for index in bytes.indices {
    let low = index / 32 * 64 + index % 32
    let halves = UInt8(bitPattern: values[low]) & 15 | UInt8(bitPattern: values[low + 32]) << 4
    bytes[index] = Int8(bitPattern: halves)
  }
  return bytes
}

import Graph

/// A small generator whose numbers depend on its seed alone (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func size(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  mutating func tensor(_ shape: [Int], in range: ClosedRange<Float> = -1...1) -> Tensor {
    Tensor(shape: shape, values: (0..<shape.reduce(1, *)).map { _ in Float.random(in: range, using: &self) })
  }
}

/// The largest difference, relative to the largest expected magnitude (at least 1).
func relativeError(_ actual: Tensor, _ expected: Tensor) -> Float {
  guard actual.shape == expected.shape else { return .infinity }
  let magnitude = expected.values.reduce(1) { max($0, abs($1)) }
  return zip(actual.values, expected.values).reduce(0) { max($0, abs($1.0 - $1.1)) } / magnitude
}

extension Tensor {
  /// An element by its place along each axis.
  subscript(_ place: Int...) -> Float { self[place] }

  /// An element by its place along each axis.
  subscript(_ place: [Int]) -> Float {
    var index = 0
    for axis in 0..<shape.count { index = index * shape[axis] + place[axis] }
    return values[index]
  }

  /// A tensor whose elements a definition gives, place by place.
  init(shape: [Int], _ element: ([Int]) -> Float) {
    var values: [Float] = []
    var place = Array(repeating: 0, count: shape.count)
    for _ in 0..<shape.reduce(1, *) {
      values.append(element(place))
      var axis = shape.count - 1
      while axis >= 0 {
        place[axis] += 1
        if place[axis] < shape[axis] { break }
        place[axis] = 0
        axis -= 1
      }
    }
    self.init(shape: shape, values: values)
  }
}

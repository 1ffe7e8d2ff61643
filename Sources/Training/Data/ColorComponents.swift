import Graph

/// The principal components of pictures' colours, along which colours are shifted (Krizhevsky et al. 2012, section 4.1).
public struct ColorComponents: Sendable, Equatable {
  /// Unit vectors, one a component, in pixel values.
  public let axes: [[Double]]
  /// The variance of the pixels along each, in the same order.
  public let variances: [Double]

  /// Of symmetric `covariance` (channels × channels), by Jacobi's rotations.
  init(covariance: [[Double]]) {
    let count = covariance.count
    var matrix = covariance
    var axes = (0..<count).map { row in (0..<count).map { $0 == row ? 1.0 : 0 } }
    for _ in 0..<30 {
      for p in 0..<count {
        for q in p + 1..<max(p + 1, count) where matrix[p][q] != 0 {
          let ratio = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q])
          let tangent = (ratio < 0 ? -1 : 1) / (abs(ratio) + (ratio * ratio + 1).squareRoot())
          let cosine = 1 / (tangent * tangent + 1).squareRoot()
          let sine = tangent * cosine
          for k in 0..<count {
            let (a, b) = (matrix[k][p], matrix[k][q])
            (matrix[k][p], matrix[k][q]) = (cosine * a - sine * b, sine * a + cosine * b)
          }
          for k in 0..<count {
            let (a, b) = (matrix[p][k], matrix[q][k])
            (matrix[p][k], matrix[q][k]) = (cosine * a - sine * b, sine * a + cosine * b)
            let (u, v) = (axes[p][k], axes[q][k])
            (axes[p][k], axes[q][k]) = (cosine * u - sine * v, sine * u + cosine * v)
          }
        }
      }
    }
    self.axes = axes
    variances = (0..<count).map { max(0, matrix[$0][$0]) }
  }

  /// What is added to every pixel of one picture, a channel each: Σ α·λ·axis, α normal with this deviation. λ is the
  /// variance of pixels in 0…1, as in the paper, so that 0.1 is a usual deviation.
  func shift(deviation: Float, _ random: inout SplitMix64) -> [Float] {
    var shift = [Double](repeating: 0, count: axes.count)
    for (axis, variance) in zip(axes, variances) {
      let amount = Double(deviation) * random.normal() * variance / 255
      for channel in shift.indices { shift[channel] += amount * axis[channel] }
    }
    return shift.map { Float($0) }
  }
}

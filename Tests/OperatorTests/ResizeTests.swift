import Graph
import Testing

struct ResizeTests {
  static let samplings: [ResizeAxis.Sampling] = [
    .nearestPreferFormer, .nearestPreferLatter, .former, .latter, .linear, .cubic(slope: -0.75, excludesOutside: false),
    .cubic(slope: -0.5, excludesOutside: true),
  ]
  static let coordinates: [ResizeAxis.Coordinates] = [
    .halfPixel, .halfPixelUnlessSingle, .halfPixelSymmetric, .asymmetric, .alignCorners, .halfPixelUnshifted,
  ]

  /// A mean is rounded, and its weights before: each of eight weights to 1/4096 of up to 255 steps.
  @Test(arguments: samplings, coordinates)
  func agrees(sampling: ResizeAxis.Sampling, coordinates: ResizeAxis.Coordinates) throws {
    for seed in 0..<4 as Range<UInt64> {
      try check(
        Problem(seed, toleranceInSteps: tolerance(sampling)) { problem in
          let x = problem.image()
          let shape = problem.graph[x].shape
          let size = Size2D(problem.pick(1...12), problem.pick([1, 2, 3]) * shape[2])
          return [
            try problem.apply(
              Resize(
                size: size,
                rows: ResizeAxis(scale: Float(size.height) / Float(shape[1]), coordinates: coordinates),
                columns: ResizeAxis(scale: Float(size.width) / Float(shape[2]), coordinates: coordinates),
                sampling: sampling), x)
          ]
        })
    }
  }

  private func tolerance(_ sampling: ResizeAxis.Sampling) -> Float {
    switch sampling {
    case .linear: 0.65
    case .cubic: 1.1
    default: 0.01
    }
  }
}

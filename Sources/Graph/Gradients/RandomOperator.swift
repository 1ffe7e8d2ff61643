/// An operator that draws random numbers in training and does something fixed otherwise.
///
/// `Differentiator.randomSeed` and the layer's place decide the numbers: the same with any number of threads.
public protocol RandomOperator: DifferentiableOperator {
  /// What it gives in training, and what the gradient has to know of what was drawn.
  func evaluateInTraining(
    _ x: Tensor, random: inout SplitMix64, on workers: Workers
  ) -> (output: Tensor, drawn: Tensor)

  /// The gradient of what `evaluateInTraining` gave, by x.
  func gradientInTraining(_ x: Tensor, drawn: Tensor, _ gradient: Tensor, on workers: Workers) -> Tensor
}

/// Windows of an image, each a range of rows and one of columns.
struct DrawnWindows {
  /// N×H×W×C.
  let image: [Int]
  let rows: [Range<Int>]
  let columns: [Range<Int>]

  /// Calls `body` for each element of the result with its number and the places of its window's elements.
  func forEach(_ body: (Int, [Int]) -> Void) {
    let (height, width, channels) = (image[1], image[2], image[3])
    var number = 0
    for index in 0..<image[0] {
      for row in rows {
        for column in columns {
          let pixels = row.flatMap { y in column.map { x in ((index * height + y) * width + x) * channels } }
          for channel in 0..<channels {
            body(number, pixels.map { $0 + channel })
            number += 1
          }
        }
      }
    }
  }

  /// A number for each window.
  func map(_ number: ([Int]) -> Float) -> Tensor {
    var result = Tensor(shape: [image[0], rows.count, columns.count, image[3]])
    forEach { place, places in result.values[place] = number(places) }
    return result
  }
}

extension Tensor {
  /// The elements whose places these are.
  func elements(of x: Tensor, atLeast low: Float = -.infinity) -> Tensor {
    Tensor(shape: shape, values: values.map { max(low, x.values[Int($0)]) })
  }

  /// Each gradient at the place that stands here, where the element there `counts`; zeros elsewhere.
  func spread(_ gradient: Tensor, over x: Tensor, _ counts: (Float) -> Bool) -> Tensor {
    var result = Tensor(shape: x.shape)
    for (number, place) in values.enumerated() where counts(x.values[Int(place)]) {
      result.values[Int(place)] += gradient.values[number]
    }
    return result
  }
}

/// - Throws: unless every place of a tensor is a number that a Float holds.
func expectDrawable(_ shape: [Int]) throws(GraphError) {
  let count = shape.reduce(1, *)
  guard count <= 1 << 24 else {
    throw GraphError("a batch of \(count) elements is too large to draw from; use at most \(1 << 24)")
  }
}

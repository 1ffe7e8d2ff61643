import Graph
import Testing

@testable import Importers

/// Three-dimensional convolutions and poolings that are two-dimensional ones in disguise; all others are refused.
struct ONNXVolumeTests {
  static let x = counting([1, 2, 3, 4, 4])

  @Test func aKernelOfTheWholeDepthIsAConvolutionOfMoreChannels() throws {
    var random = SeededNumbers(4)
    let weights = random.floats(3 * 2 * 3 * 2 * 2)
    var model = ModelSpecification(input: [1, 2, 3, 4, 4])
    model.initializers = [.floats("w", [3, 2, 3, 2, 2], weights), .floats("b", [3], [1, 2, 3])]
    model.node("Conv", ["x", "w", "b"], ["y"], [.integers("strides", [1, 2, 2])])
    let found = try outputs(try imported(model), Self.x)[0]
    var flat = ModelSpecification(input: [1, 6, 4, 4])
    flat.initializers = [.floats("w", [3, 6, 2, 2], weights), .floats("b", [3], [1, 2, 3])]
    flat.node("Conv", ["x", "w", "b"], ["y"], [.integers("strides", [2, 2])])
    let expected = try outputs(try imported(flat), Tensor(shape: [1, 6, 4, 4], values: Self.x.values))[0]
    expectNear(found, Tensor(shape: [1, 3, 1, 2, 2], values: expected.values), tolerance: 1e-4)
  }

  @Test(arguments: ["MaxPool", "AveragePool"], [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1)])
  func poolsInThreeDimensions(operation: String, size: (depth: Int, pad: Int)) throws {
    let (depth, pad) = size
    var model = ModelSpecification(input: [1, 2, 3, 4, 4])
    model.node(
      operation, ["x"], ["y"],
      [
        .integers("kernel_shape", [depth, 2, 2]), .integers("strides", [1, 2, 1]),
        .integers("pads", [pad, 0, 1, 0, 0, 0]),
      ])
    let found = try outputs(try imported(model), Self.x)[0]
    var expected: [Float] = []
    let planes = 3 + pad - depth + 1
    for channel in 0..<2 {
      for plane in 0..<planes {
        for row in [0, 2] {
          for column in 0..<4 {
            var window: [Float] = []
            for d in max(0, plane - pad)..<plane - pad + depth {
              for h in row..<row + 2 {
                for w in max(0, column - 1)..<column + 1 {
                  window.append(Self.x.values[((channel * 3 + d) * 4 + h) * 4 + w])
                }
              }
            }
            expected.append(operation == "MaxPool" ? window.max()! : window.reduce(0, +) / Float(window.count))
          }
        }
      }
    }
    expectNear(found, Tensor(shape: [1, 2, planes, 2, 4], values: expected), tolerance: 1e-4)
  }

  @Test func refusesKernelsThatMoveThroughTheDepth() throws {
    var model = ModelSpecification(input: [1, 2, 3, 4, 4])
    model.initializers = [.floats("w", [1, 2, 2, 2, 2], [Float](repeating: 1, count: 16))]
    model.node("Conv", ["x", "w"], ["y"])
    #expect(try #require(importError(model.encoded)?.problems.first).reason.contains("three dimensions"))
    for kernel in [[3], [], [Int.min, 1, 1]] as [[Int]] {
      var broken = ModelSpecification(input: [1, 2, 3, 4, 4])
      broken.node("MaxPool", ["x"], ["y"], [.integers("kernel_shape", kernel)])
      #expect(importError(broken.encoded)?.problems.count == 1)
    }
  }
}

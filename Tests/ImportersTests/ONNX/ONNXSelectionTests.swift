import Graph
import Testing

@testable import Importers

/// ArgMax, ArgMin and TopK along every axis, and padding by the tensor's own elements.
@Suite struct ONNXSelectionTests {
  /// Values of which many are equal.
  private let x = Tensor(shape: [1, 3, 2, 4], values: (0..<24).map { Float($0 * 7 % 5) })

  /// The places of each line along `axis`, in order.
  private func lines(_ axis: Int) -> [[Int]] {
    let strides = [24, 8, 4, 1]
    let firsts = (0..<24).filter { $0 / strides[axis] % x.shape[axis] == 0 }
    return firsts.map { first in (0..<x.shape[axis]).map { first + $0 * strides[axis] } }
  }

  @Test(arguments: ["ArgMax", "ArgMin"], [1, 2, 3, -1]) func arguments(operation: String, axis: Int) throws {
    for (keepsAxes, last) in [(0, 0), (1, 0), (1, 1)] {
      var model = ModelSpecification(input: [1, 3, 2, 4])
      let attributes: [AttributeSpecification] = [
        .integer("axis", axis), .integer("keepdims", keepsAxes), .integer("select_last_index", last),
      ]
      model.node(operation, ["x"], ["y"], attributes)
      let positive = axis < 0 ? axis + 4 : axis
      var shape = x.shape
      if keepsAxes == 1 { shape[positive] = 1 } else { shape.remove(at: positive) }
      let expected = lines(positive).map { line -> Float in
        let values = line.map { x.values[$0] }
        let best = operation == "ArgMax" ? values.max()! : values.min()!
        return Float(last == 1 ? values.lastIndex(of: best)! : values.firstIndex(of: best)!)
      }
      #expect(try outputs(try imported(model), x)[0] == Tensor(shape: shape, values: expected))
    }
  }

  @Test(arguments: [0, 1], [1, 2, 3]) func topK(largest: Int, axis: Int) throws {
    for count in 1...2 {
      var model = ModelSpecification(operatorSet: 11, input: [1, 3, 2, 4])
      model.initializers = [.integers("k", [count])]
      model.node("TopK", ["x", "k"], ["y", "places"], [.integer("axis", axis), .integer("largest", largest)])
      model.outputs = ["y", "places"]
      var shape = x.shape
      shape[axis] = count
      var values = Tensor(shape: shape)
      var places = values
      let stride = [24, 8, 4, 1][axis]
      for (number, line) in lines(axis).enumerated() {
        let order = line.indices.sorted {
          let (a, b) = (x.values[line[$0]], x.values[line[$1]])
          return a == b ? $0 < $1 : largest == 1 ? a > b : a < b
        }
        for place in 0..<count {
          let at = number / stride * stride * count + place * stride + number % stride
          values.values[at] = x.values[line[order[place]]]
          places.values[at] = Float(order[place])
        }
      }
      #expect(try outputs(try imported(model), x) == [values, places])
    }
  }

  @Test(arguments: [0, -1, 5, Int.max]) func countsThatThereAreNot(count: Int) {
    var model = ModelSpecification(operatorSet: 11, input: [1, 3, 2, 4])
    model.initializers = [.integers("k", [count])]
    model.node("TopK", ["x", "k"], ["y", "places"])
    #expect(importError(model.encoded)?.problems.count == 1)
  }

  /// Rows 0…1 and columns 0…3 of each channel.
  @Test(arguments: ["reflect", "edge", "wrap"]) func borders(mode: String) throws {
    var model = ModelSpecification(operatorSet: 19, input: [1, 3, 2, 4])
    model.initializers = [.integers("pads", [0, 0, 1, 2, 0, 0, 1, 1])]
    model.node("Pad", ["x", "pads"], ["y"], [.text("mode", mode)])
    let rows = ["reflect": [1, 0, 1, 0], "edge": [0, 0, 1, 1], "wrap": [1, 0, 1, 0]]
    let columns = ["reflect": [2, 1, 0, 1, 2, 3, 2], "edge": [0, 0, 0, 1, 2, 3, 3], "wrap": [2, 3, 0, 1, 2, 3, 0]]
    var values: [Float] = []
    for channel in 0..<3 {
      for row in try #require(rows[mode]) {
        for column in try #require(columns[mode]) { values.append(x.values[channel * 8 + row * 4 + column]) }
      }
    }
    #expect(try outputs(try imported(model), x)[0] == Tensor(shape: [1, 3, 4, 7], values: values))
  }

  /// Doubling by cubics: places a quarter before and behind each pixel.
  @Test func cubicResizing() throws {
    var model = ModelSpecification(operatorSet: 13, input: [1, 1, 1, 4])
    model.initializers = [.floats("scales", [4], [1, 1, 1, 2])]
    model.node("Resize", ["x", "", "scales"], ["y"], [.text("mode", "cubic")])
    let result = try outputs(try imported(model), Tensor(shape: [1, 1, 1, 4], values: [1, 2, 4, 8]))[0]
    // Keys' weights for −0.75 at a quarter: −0.10546875, 0.87890625, 0.26171875, −0.03515625.
    let near: [Float] = [-0.10546875, 0.87890625, 0.26171875, -0.03515625]
    let padded: [Float] = [1, 1, 1, 2, 4, 8, 8, 8]
    let expected = (0..<8).map { place -> Float in
      let pixel = place / 2 + 2
      let taps = place % 2 == 0 ? [pixel + 1, pixel, pixel - 1, pixel - 2] : [pixel - 1, pixel, pixel + 1, pixel + 2]
      return zip(taps, near).reduce(0) { $0 + padded[$1.0] * $1.1 }
    }
    expectNear(result, Tensor(shape: [1, 1, 1, 8], values: expected))
  }
}

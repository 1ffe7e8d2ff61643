import Testing

@testable import Graph

@Suite struct MovementTests {
  @Test(arguments: 0..<4) func concatEqualsDefinition(axis: Int) throws {
    var random = SeededGenerator(axis)
    let shapes = [2, 1, 3].map { size in
      var shape = [2, 3, 4, 5]
      shape[axis] = size
      return shape
    }
    let inputs = shapes.map { random.tensor($0) }
    let operation = Concat(axis: axis)
    let output = try operation.outputShapes(shapes)[0]
    #expect(output[axis] == 6)
    let expected = Tensor(shape: output) { place in
      var (own, input) = (place, 0)
      while own[axis] >= shapes[input][axis] {
        own[axis] -= shapes[input][axis]
        input += 1
      }
      return inputs[input][own]
    }
    #expect(operation.evaluate(inputs, on: Workers(count: 2))[0] == expected)
  }

  @Test func sliceEqualsDefinition() throws {
    var random = SeededGenerator(1)
    let x = random.tensor([1, 7, 6, 5])
    for step in [[1, 2, 1, 1], [1, 1, 3, 2], [1, -2, 1, -1]] {
      let begin = zip(step, [0, 6, 1, 4]).map { $0 < 0 ? $1 : min($1, 1) }
      let operation = Slice(begin: begin, size: [1, 3, 2, 2], step: step)
      #expect(try operation.outputShapes([x.shape]) == [[1, 3, 2, 2]])
      let expected = Tensor(shape: [1, 3, 2, 2]) { place in
        x[place.indices.map { begin[$0] + place[$0] * step[$0] }]
      }
      #expect(operation.evaluate([x], on: Workers(count: 2))[0] == expected)
    }
    #expect(throws: GraphError.self) {
      try Slice(begin: [0, 5, 0, 0], size: [1, 3, 6, 5], step: [1, 1, 1, 1]).outputShapes([x.shape])
    }
    #expect(throws: GraphError.self) {
      try Slice(begin: [0, 0, 0, 0], size: [1, 2, 6, 5], step: [1, .max, 1, 1]).outputShapes([x.shape])
    }
  }

  @Test func padEqualsDefinition() throws {
    var random = SeededGenerator(2)
    let x = random.tensor([1, 3, 4, 2])
    let (before, after) = ([0, 1, 2, 1], [0, 2, 0, 3])
    let operation = Pad(before: before, after: after, value: 9)
    let output = try operation.outputShapes([x.shape])[0]
    #expect(output == [1, 6, 6, 6])
    let expected = Tensor(shape: output) { place in
      let own = zip(place, before).map { $0 - $1 }
      return zip(own, x.shape).allSatisfy { (0..<$1).contains($0) } ? x[own] : 9
    }
    #expect(operation.evaluate([x], on: Workers(count: 1))[0] == expected)
    #expect(throws: GraphError.self) {
      try Pad(before: [0, -1, 0, 0], after: [0, 0, 0, 0]).outputShapes([x.shape])
    }
  }

  @Test(arguments: [[0, 1, 2, 3], [0, 3, 1, 2], [0, 2, 3, 1], [3, 2, 1, 0], [1, 0, 3, 2]])
  func transposeEqualsDefinition(permutation: [Int]) throws {
    var random = SeededGenerator(3)
    let x = random.tensor([2, 3, 4, 5])
    let operation = Transpose(permutation: permutation)
    let output = try operation.outputShapes([x.shape])[0]
    let expected = Tensor(shape: output) { place in
      var own = place
      for axis in permutation.indices { own[permutation[axis]] = place[axis] }
      return x[own]
    }
    #expect(operation.evaluate([x], on: Workers(count: 2))[0] == expected)
  }

  @Test func reshapeKeepsTheOrder() throws {
    let x = Tensor(shape: [1, 2, 3], values: [1, 2, 3, 4, 5, 6])
    #expect(Reshape(shape: [1, 6]).evaluate([x], on: Workers(count: 1))[0].values == x.values)
    #expect(throws: GraphError.self) { try Reshape(shape: [1, 5]).outputShapes([x.shape]) }
    #expect(throws: GraphError.self) { try Reshape(shape: [.max, .max]).outputShapes([x.shape]) }
    #expect(throws: GraphError.self) { try Transpose(permutation: [0, 0, 1]).outputShapes([x.shape]) }
  }
}

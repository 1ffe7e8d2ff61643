import Testing

@testable import Graph

@Suite struct BufferPoolTests {
  @Test func keepsNoMoreThanWasAskedFor() {
    let pool = BufferPool()
    pool.give([Float](repeating: 0, count: 8))
    #expect(pool.keptCount == 0 && pool.take(8) == nil)
    pool.give([Float](repeating: 1, count: 8))
    pool.give([Float](repeating: 2, count: 8))
    #expect(pool.keptCount == 1 && pool.take(8) == [Float](repeating: 1, count: 8) && pool.take(4) == nil)
  }

  /// A part's gradient is made elsewhere; passes after passes keep as many buffers.
  @Test func passesKeepAsManyBuffers() throws {
    var graph = Graph(name: "part")
    let input = graph.addInput("input", shape: [1, 4, 4, 2])
    let weights = graph.addConstant("w", Tensor(shape: [2, 1, 1, 2], values: [1, 2, 3, 4]))
    let bias = graph.addConstant("b", Tensor(shape: [2]))
    let x = try graph.apply(Conv2D(), input, weights, bias, name: "convolution")
    let slice = Slice(begin: [0, 0, 0, 0], size: [1, 2, 2, 2], step: [1, 2, 2, 1])
    graph.outputs = [try graph.apply(slice, x, name: "part")]
    let differentiator = try Differentiator(graph, parameters: [weights, bias])
    func pass() throws -> Int {
      _ = try differentiator.run([Tensor(shape: [1, 4, 4, 2], repeating: 1)]) { [$0[0]] }
      return differentiator.workers.buffers.keptCount
    }
    for _ in 0..<3 { _ = try pass() }
    let before = try pass()
    for _ in 0..<20 { _ = try pass() }
    #expect(try pass() == before)
  }
}

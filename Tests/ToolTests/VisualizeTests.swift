import Archives
import Datasets
import Foundation
import Graph
import Testing

@testable import Tool

@Suite struct VisualizeTests {
  /// Class 0 is the mean of the 4×4 pixels at the bottom right; class 1 is 1 whatever comes.
  private static func cornerNetwork() throws -> Graph {
    var graph = Graph(name: "corner")
    let x = graph.addInput("x", shape: [1, 16, 16, 1])
    var weights = [Float](repeating: 0, count: 2 * 256)
    for place in 0..<16 { weights[(12 + place / 4) * 16 + 12 + place % 4] = 1 / 16 }
    let flat = try graph.apply(Reshape(shape: [1, 256]), x, name: "flat")
    graph.outputs = [
      try graph.apply(
        FullyConnected(), flat, graph.addConstant("weights", Tensor(shape: [2, 256], values: weights)),
        graph.addConstant("bias", Tensor(shape: [2], values: [0, 1])), name: "scores")
    ]
    return graph
  }

  private static func gradient() -> Tensor {
    Tensor(shape: [1, 16, 16, 1], values: (0..<256).map { Float($0 / 16 + $0 % 16) })
  }

  @Test func occlusionPeaksWhereTheNetworkLooks() throws {
    let graph = try Self.cornerNetwork()
    let map = try OcclusionMap(Self.gradient(), output: nil, window: 4, stride: 2) {
      try graph.evaluate(inputs: [$0])[0].values
    }
    #expect(map.output == 0 && map.score == 27)
    #expect(map.peak.row >= 12 && map.peak.column >= 12)
    // The mean, 15, in all of the corner.
    #expect(map.fall.values[15 * 16 + 15] == 12)
    for row in 0..<16 {
      for column in 0..<16 where row < 10 || column < 10 { #expect(map.fall.values[row * 16 + column] == 0) }
    }
    let other = try OcclusionMap(Self.gradient(), output: 1, window: 5, stride: 3) {
      try graph.evaluate(inputs: [$0])[0].values
    }
    #expect(other.fall.values.allSatisfy { $0 == 0 })
    #expect(throws: ToolError.self) {
      try OcclusionMap(Self.gradient(), output: 2, window: 4, stride: 2) { _ in [0, 1] }
    }
  }

  /// Channels that are the input and its negative, averaged, then weighed: 2·(mean) + 0.5 and −3·(−mean) − 1.
  private static func averagingNetwork(endsInConvolution: Bool) throws -> Graph {
    var graph = Graph(name: "average")
    let x = graph.addInput("x", shape: [1, 4, 4, 1])
    let y = try graph.apply(
      Conv2D(), x, graph.addConstant("w", Tensor(shape: [2, 1, 1, 1], values: [1, -1])),
      graph.addConstant("b", Tensor(shape: [2])), name: "features")
    let pooled = try graph.apply(AveragePool2D(window: Size2D(4, 4)), y, name: "pool")
    let bias = graph.addConstant("bias", Tensor(shape: [2], values: [0.5, -1]))
    let values: [Float] = [2, 0, 0, -3]
    let scores: ValueID
    if endsInConvolution {
      let weights = graph.addConstant("weights", Tensor(shape: [2, 1, 1, 2], values: values))
      scores = try graph.apply(
        Reshape(shape: [1, 2]), try graph.apply(Conv2D(), pooled, weights, bias, name: "head"), name: "flat")
    } else {
      let weights = graph.addConstant("weights", Tensor(shape: [2, 2], values: values))
      scores = try graph.apply(
        FullyConnected(), try graph.apply(Reshape(shape: [1, 2]), pooled, name: "flat"), weights, bias, name: "head")
    }
    graph.outputs = [try graph.apply(Softmax(), scores, name: "probabilities")]
    return graph
  }

  @Test(arguments: [true, false]) func classActivationsAddUpToTheScore(endsInConvolution: Bool) throws {
    let graph = try Self.averagingNetwork(endsInConvolution: endsInConvolution)
    let input = Tensor(shape: [1, 4, 4, 1], values: (0..<16).map { $0 == 6 ? 16 : 0 })
    let first = try ClassActivationMap(graph, [input], output: 0)
    #expect(first.map.values == input.values.map { 2 * $0 } && first.bias == 0.5 && first.layer == "features")
    let second = try ClassActivationMap(graph, [input], output: nil)
    // 2 · 1 + 0.5 is less than 3 · 1 − 1.
    #expect(second.output == 0)
    #expect(try ClassActivationMap(graph, [input], output: 1).map.values == input.values.map { 3 * $0 })
    #expect(throws: ToolError.self) { try ClassActivationMap(graph, [input], output: 2) }
    #expect(throws: ToolError.self) { try ClassActivationMap(try Self.cornerNetwork(), [Self.gradient()], output: nil) }
  }

  /// The first channel likes bright above dark, the second nothing.
  @Test func maximizationFindsWhatTheFilterLooksFor() throws {
    var graph = Graph(name: "edges")
    let x = graph.addInput("x", shape: [1, 12, 12, 1])
    let y = try graph.apply(
      Conv2D(), x, graph.addConstant("w", Tensor(shape: [2, 4, 1, 1], values: [1, 1, -1, -1, 0, 0, 0, 0])),
      graph.addConstant("b", Tensor(shape: [2])), name: "edge")
    let z = try graph.apply(Activation(.relu), y, name: "relu")
    graph.outputs = [try graph.apply(Softmax(), z, name: "out")]
    let found = try ActivationMaximization(graph, layer: "edge", unit: 0, limits: [-1...1], steps: 60, seed: 3)
    #expect(found.last > found.first + 0.5)
    #expect(found.input.values.allSatisfy { (-1...1).contains($0) })
    let answers = try graph.evaluate(inputs: [found.input]) { id, tensor in
      guard id == y else { return }
      let mean = stride(from: 0, to: tensor.count, by: 2).reduce(Float(0)) { $0 + tensor.values[$1] }
      #expect(abs(mean / Float(tensor.count / 2) - found.last) < 1e-4)
    }
    #expect(answers.count == 1)
    // The top row only ever counts as bright, the bottom row as dark.
    #expect(found.input.values[..<12].allSatisfy { $0 > 0.5 } && found.input.values[132...].allSatisfy { $0 < -0.5 })
    let behind = try ActivationMaximization(graph, layer: "relu", unit: 0, limits: [-1...1], steps: 60, seed: 3)
    #expect(behind.last > behind.first + 0.5)
    let same = try ActivationMaximization(graph, layer: "edge", unit: 0, limits: [-1...1], steps: 60, seed: 3)
    #expect(same.input == found.input)
    let idle = try ActivationMaximization(graph, layer: "edge", unit: 1, limits: [-1...1], steps: 5, seed: 3)
    #expect(idle.first == 0 && idle.last == 0)
    #expect(throws: ToolError.self) {
      try ActivationMaximization(graph, layer: "edge", unit: 2, limits: [-1...1], steps: 5, seed: 3)
    }
    #expect(throws: ToolError.self) {
      try ActivationMaximization(graph, layer: "nothing", unit: 0, limits: [-1...1], steps: 5, seed: 3)
    }
  }

  @Test func filtersAreDrawnAroundGray() throws {
    var graph = Graph(name: "filters")
    let x = graph.addInput("x", shape: [1, 4, 4, 3])
    let y = try graph.apply(
      Conv2D(), x, graph.addConstant("w", Tensor(shape: [2, 1, 1, 3], values: [1, 0, -1, 0, 0.5, 0.25])),
      graph.addConstant("b", Tensor(shape: [2])), name: "first")
    graph.outputs = [y]
    let sheet = try PictureSheet.filters(graph, layer: nil, isBlueFirst: false, limit: 9)
    #expect(sheet.tiles.map(\.image.pixels) == [[255, 128, 0], [128, 255, 191]])
    let turned = try PictureSheet.filters(graph, layer: "first", isBlueFirst: true, limit: 1)
    #expect(turned.tiles.map(\.image.pixels) == [[0, 128, 255]])
    let grid = try Image(ByteSource(sheet.grid.png, name: "grid"))
    #expect(grid.height == 68 && grid.width == 134)
    #expect(Array(grid.pixels[(2 * 134 + 2) * 3..<(2 * 134 + 2) * 3 + 3]) == [255, 128, 0])
    let features = try PictureSheet.features(
      graph, layer: "first", [Tensor(shape: [1, 4, 4, 3], repeating: 1)], limit: 9)
    #expect(features.tiles.map(\.caption) == ["channel 0: 0…0", "channel 1: 0.75…0.75"])
  }

  @Test func planesAreResizedBetweenTheirPoints() {
    let plane = Plane(height: 2, width: 2, values: [0, 4, 8, 12])
    #expect(plane.resized(height: 2, width: 2) == plane)
    #expect(plane.resized(height: 2, width: 4).values == [0, 1, 3, 4, 8, 9, 11, 12])
    #expect(plane.image(.gray).pixels.prefix(6) == [0, 0, 0, 85, 85, 85])
    #expect(Plane(height: 1, width: 1, values: [0]).image(.signed).pixels == [128, 128, 128])
  }

  /// A digit of seven bars for the network that is kept in `models/`.
  private static func digit() throws -> String {
    let one = (0..<784).map { UInt8($0 % 28 >= 13 && $0 % 28 < 16 && $0 / 28 >= 5 && $0 / 28 < 23 ? 255 : 0) }
    return try TemporaryFolder.shared.write(Array("P5 28 28 255\n".utf8) + one, as: "one.pgm")
  }

  @Test func theToolDrawsEveryView() throws {
    let weights = "models/lenet-5-mnist.safetensors"
    let picture = try Self.digit()
    let common = ["--architecture", "lenet-5", "--preset", "mnist", "--json"]
    func draw(_ view: String, _ name: String, _ more: String...) throws -> [String: Any] {
      let path = TemporaryFolder.shared.file(name).path
      let run = try ToolProcess(["visualize", view, weights, "-o", path] + common + more)
      try #require(run.status == 0, "\(run.errors)")
      if name.hasSuffix(".png") {
        #expect(try Image(contentsOf: path).width > 32)
      } else {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("data:image/png;base64,") && text.contains("prefers-color-scheme:dark"))
      }
      return try run.json()
    }
    #expect(try draw("filters", "filters.png")["pictures"] as? Int == 6)
    let layers = try ToolProcess("inspect", weights, "--architecture", "lenet-5", "--json").json()
    let operators = try #require(layers["operators"] as? [[String: Any]])
    let layer = try #require(operators.first { $0["kind"] as? String == "Conv2D" }?["name"] as? String)
    #expect(try draw("features", "features.html", "--layer", layer, "--input", picture)["pictures"] as? Int == 6)
    let occlusion = try draw("occlusion", "occlusion.html", "--input", picture)
    #expect(occlusion["output_class"] as? Int == 1)
    let peak = try #require(occlusion["peak"] as? [Int])
    #expect(peak[1] >= 8 && peak[1] < 21)
    let excited = try draw("maximize", "unit.png", "--layer", layer, "--unit", "2", "--steps", "8")
    let activation = try #require(excited["activation"] as? [Double])
    #expect(activation[1] > activation[0])
    let refused = try ToolProcess(
      ["visualize", "class-activation", weights, "-o", "x.png", "--input", picture] + common)
    #expect(refused.status == 1 && refused.errors.contains("occlusion"))
  }
}

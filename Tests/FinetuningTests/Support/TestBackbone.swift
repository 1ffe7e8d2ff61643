import Compiler
import Graph
import Martlet

/// A small packed classifier of 16×16 color pictures: three convolutions, two of them into one concatenation, a mean, four
/// classes.
struct TestBackbone {
  let graph: Graph
  let bytes: [UInt8]

  /// - Parameter isConvolutional: the classifier is a 1×1 convolution before the mean, as in SqueezeNet.
  init(seed: UInt64 = 1, isConvolutional: Bool = false, arena: ArenaGoal = .automatic, pushesInput: Bool = false) throws
  {
    var random = SplitMix64(seed: seed)
    func tensor(_ shape: [Int], _ scale: Float) -> Tensor {
      Tensor(shape: shape, values: (0..<shape.reduce(1, *)).map { _ in random.symmetric() * scale })
    }
    var graph = Graph(name: "backbone")
    func convolution(_ x: ValueID, _ channels: Int, kernel: Int, stride: Int, _ name: String) throws -> ValueID {
      let depth = graph[x].shape[3]
      let weights = graph.addConstant(
        "w", tensor([channels, kernel, kernel, depth], 1.7 / Float(kernel * kernel * depth).squareRoot()))
      let bias = graph.addConstant("b", tensor([channels], 0.1))
      let pad = kernel / 2
      let operation = Conv2D(
        stride: Size2D(stride, stride), dilation: .one,
        padding: Padding2D(top: pad, left: pad, bottom: pad, right: pad), groups: 1)
      let sum = try graph.append(operation, [x, weights, bias], name: name)[0]
      return try graph.append(Activation(.relu), [sum], name: "\(name)/relu")[0]
    }
    let input = graph.addInput("input", shape: [1, 16, 16, 3])
    let first = try convolution(input, 8, kernel: 3, stride: 2, "first")
    let left = try convolution(first, 12, kernel: 1, stride: 1, "left")
    let right = try convolution(first, 12, kernel: 3, stride: 1, "right")
    let both = try graph.append(Concat(axis: 3), [left, right], name: "both")[0]
    let mean = AveragePool2D(window: Size2D(8, 8))
    if isConvolutional {
      let scores = try convolution(both, 4, kernel: 1, stride: 1, "classifier")
      graph.outputs = [try graph.append(mean, [scores], name: "mean")[0]]
    } else {
      let pooled = try graph.append(mean, [both], name: "mean")[0]
      let flat = try graph.append(Reshape(shape: [1, 24]), [pooled], name: "flat")[0]
      let weights = graph.addConstant("w", tensor([4, 24], 0.3))
      let bias = graph.addConstant("b", tensor([4], 0.1))
      let scores = try graph.append(FullyConnected(), [flat, weights, bias], name: "classifier")[0]
      graph.outputs = [try graph.append(Softmax(), [scores], name: "softmax")[0]]
    }
    self.graph = graph
    let examples = (0..<4).map { _ in tensor([1, 16, 16, 3], 1) }
    var options = CompileOptions()
    options.checkedExamples = 0
    options.roundsByCovariance = false
    options.arena = arena
    options.pushesInput = pushesInput
    options.labels = ["a", "b", "c", "d"]
    options.preprocessing = PreprocessingRecord()
    options.preprocessing?.mean = [127, 127, 127]
    options.preprocessing?.standardDeviation = [127, 127, 127]
    bytes = try compile(graph, calibration: CalibrationData(examples), options: options, workers: Workers(count: 1))
      .bytes
  }
}

extension SplitMix64 {
  /// A number in −1..<1.
  mutating func symmetric() -> Float { Float(next() >> 40) / Float(1 << 23) - 1 }

  /// Pixels of a picture that depends on its class: a bright band of rows, in one color.
  mutating func pixels(ofClass label: Int, side: Int = 16) -> [UInt8] {
    let start = below(4) + label * 5 % 12
    return (0..<side * side * 3).map { place in
      let isBright = (start..<start + 4).contains(place / 3 / side) && place % 3 == label % 3
      return UInt8((isBright ? 170 : 40) + below(60))
    }
  }
}

import Graph
import Testing

@testable import Compiler

struct ReconstructionTests {
  /// Two narrow layers with wide ones between them, so that what rounding adds to many channels can be told from what they
  /// have in common; a residual, a depthwise layer and a concatenation.
  private static func network() throws -> TestNetwork {
    var network = TestNetwork(41)
    let x = network.input([1, 10, 10, 3])
    let narrow = try network.conv(x, to: 4)
    var y = try network.apply(Activation(.relu), try network.conv(narrow, to: 24, kernel: 1, padding: 0))
    y = try network.apply(Activation(.clip(low: 0, high: 6)), try network.depthwise(y))
    y = try network.apply(Add(), narrow, try network.conv(y, to: 4, kernel: 1, padding: 0))
    y = try network.apply(Concat(axis: 3), y, try network.apply(Activation(.relu), try network.conv(y, to: 20)))
    y = try network.apply(Activation(.relu), try network.conv(y, to: 24, stride: 2, groups: 2))
    y = try network.apply(AveragePool2D(window: Size2D(5, 5)), y)
    network.graph.outputs = [try network.fullyConnected(try network.apply(Reshape(shape: [1, 24]), y), to: 10)]
    return network
  }

  @Test func answersToInputsThatWereNotSeenComeNearer() throws {
    var network = try Self.network()
    let data = network.examples(24)
    let unseen = network.examples(40)
    func decibels(_ reconstructs: Bool) throws -> Double {
      var options = CompileOptions()
      options.reconstructsLayers = reconstructs
      let model = try compile(network.graph, calibration: data, options: options)
      return try checkAgreement(network.graph, model.bytes, on: unseen, examples: 40).signalToNoiseDecibels
    }
    let gain = try decibels(true) - decibels(false)
    #expect(gain > 0.1, "gained \(gain) dB")
  }

  @Test func theOrderOfExamplesAndTheNumberOfThreadsDecideNothing() throws {
    var network = try Self.network()
    let data = network.examples(7)
    let turned = CalibrationData(count: 7) { try data.inputs(6 - $0) }
    var options = CompileOptions()
    options.reconstructsLayers = true
    let first = try compile(network.graph, calibration: data, options: options, workers: Workers(count: 1)).bytes
    #expect(
      try compile(network.graph, calibration: turned, options: options, workers: Workers(count: 3)).bytes == first)
    options.reconstructsLayers = false
    #expect(try compile(network.graph, calibration: data, options: options).bytes != first)
  }

  /// Whether all examples run from the beginning or join where tensors become small.
  @Test(arguments: [1 << 30, 40_000, 1]) func bothRunsComputeWhatTheirNetworksDo(budgetBytes: Int) throws {
    var network = try Self.network()
    let data = network.examples(9)
    var options = CompileOptions()
    options.reconstructsLayers = true
    options.arena = .wholeTensors
    let packed = try ModelRunner(try compile(network.graph, calibration: data, options: options).bytes)
    let calibrated = try CalibratedNetwork(network.graph, on: data, options, Workers(count: 2)) { _, _ in }
    let bits = try calibrated.weightBits(options)
    let weights = try calibrated.weights(bits, options) { _ in }
    let graph = calibrated.scaled
    let ordered = try data.inOrderOfContents()
    var run = TwinRun(graph, weights.rules, on: ordered, budgetBytes: budgetBytes, workers: Workers(count: 2))
    var counts: Set<Int> = []
    // The last but one only changes the shape of what is compared.
    let end = graph.nodes.count - 2
    for node in 0...end {
      try run.prepare(node)
      counts.insert(run.twins.count)
      guard node < end else { break }
      var constants: [Int: Tensor] = [:]
      if let layer = LinearLayer(graph, node), let values = weights.values[node],
        let rule = weights.rules[graph.nodes[node].inputs[0]]
      {
        constants = layer.constants(values, rule)
      }
      try run.run(node, packedConstants: constants)
    }
    #expect(counts == (budgetBytes == 1 ? [4] : budgetBytes == 1 << 30 ? [9] : counts) && counts.max()! <= 9)
    if budgetBytes == 40_000 { #expect(counts.count > 1, "\(counts)") }

    let read = graph.nodes[end].inputs[0]
    let scale = try #require(weights.rules[read]).scale
    for (number, twin) in run.twins.enumerated() {
      let inputs = try ordered.inputs(number)
      var expected: [ValueID: Tensor] = [:]
      _ = try graph.evaluate(inputs: inputs) { expected[$0] = $1 }
      #expect(twin.float[read] == expected[read])
      var found: [Float] = []
      _ = try packed.run(inputs) { rows in
        let layer = packed.layer(rows.operatorIndex)
        guard layer.name == graph.nodes[end - 1].name else { return }
        found += packed.values(rows).map { layer.quantization.real(ofValue: $0) }
      }
      let simulated = try #require(twin.packed[read]).values
      try #require(found.count == simulated.count)
      for (a, b) in zip(found, simulated) { #expect(abs(a - b) <= 1.01 * scale) }
    }
  }

  @Test func aSystemOfEquationsIsSolved() {
    var network = TestNetwork(3)
    for order in [1, 2, 9, 40] {
      let columns = network.tensor([3 * order, order]).values
      var covariance = [Float](repeating: 0, count: order * order)
      for row in 0..<order {
        for column in 0..<order {
          for sample in 0..<3 * order {
            covariance[row * order + column] += columns[sample * order + row] * columns[sample * order + column]
          }
        }
      }
      let right = network.tensor([order]).values
      let damping: Float = 0.01
      let solution = ErrorFeedback(covariance: covariance, order: order, damping: damping).solved(right)
      let added = damping * (0..<order).reduce(0) { $0 + covariance[$1 * order + $1] } / Float(order)
      for column in 0..<order {
        var sum = added * solution[column]
        for row in 0..<order { sum += solution[row] * covariance[row * order + column] }
        #expect(abs(sum - right[column]) < 1e-3, "\(order): \(sum) for \(right[column])")
      }
    }
    #expect(ErrorFeedback(covariance: [0, 0, 0, 0], order: 2, damping: 0.01).solved([1, 2]) == [0, 0])
  }

  /// Twelve columns of which three things can be told: noise of the others goes, on examples that were not seen, too. Where one
  /// position in ten is spoiled altogether, the others come out hardly worse.
  @Test(arguments: [false, true]) func whatManyColumnsShareIsToldFromNoise(isSpoiled: Bool) throws {
    var network = TestNetwork(9)
    let x = network.input([1, 8, 8, 12])
    network.graph.outputs = [try network.conv(x, to: 5, kernel: 1, padding: 0)]
    let graph = network.graph
    let layer = try #require(LinearLayer(graph, 0))
    let columns = try #require(LayerColumns(graph, graph.nodes[0]))
    let mixing = network.tensor([3, 12]).values
    func example(_ network: inout TestNetwork, isSpoiled: Bool) -> (float: Tensor, packed: Tensor) {
      let (hidden, noise) = (network.tensor([64, 3]).values, network.tensor([64, 12]).values)
      var float = Tensor(shape: [1, 8, 8, 12])
      var packed = float
      for place in float.values.indices {
        let (position, channel) = (place / 12, place % 12)
        for source in 0..<3 { float.values[place] += hidden[position * 3 + source] * mixing[source * 12 + channel] }
        packed.values[place] = float.values[place] + 0.3 * noise[place]
        if isSpoiled, position % 10 == 0 { float.values[place] += 40 * packed.values[(place + 5) / 12 * 12] }
      }
      return (float, packed)
    }
    let none = try #require(TwinMoments(columns, residuals: 0, seed: 0, examples: 12))
    var halves = [none, none]
    for number in 0..<12 {
      let (float, packed) = example(&network, isSpoiled: isSpoiled)
      halves[number % 2].add(float: float, packed: packed, residual: nil, on: Workers(count: 1))
    }
    let all = TwinHalves(first: halves[0], second: halves[1], whole: halves[0] + halves[1])
    let fit = LayerReconstruction(layer, all, on: Workers(count: 1))
    let (float, packed) = example(&network, isSpoiled: false)
    func power(_ weights: [Float]) throws -> Float {
      var sum: Float = 0
      for position in 0..<64 {
        for output in 0..<5 {
          var error: Float = 0
          for channel in 0..<12 {
            error += layer.weights.values[output * 12 + channel] * float.values[position * 12 + channel]
            error -= weights[output * 12 + channel] * packed.values[position * 12 + channel]
          }
          sum += error * error
        }
      }
      return sum
    }
    let share = try power(fit.weights) / power(layer.weights.values)
    #expect(share < (isSpoiled ? 0.8 : 0.6), "\(share) of the error is left")
  }

  /// Differences that have nothing to do with what is seen call for no correction; those that follow from it are mended whole.
  @Test func whatExamplesDoNotShareIsNotCorrected() throws {
    var network = TestNetwork(8)
    let x = network.input([1, 6, 6, 12])
    network.graph.outputs = [try network.conv(x, to: 5, kernel: 1, padding: 0)]
    let graph = network.graph
    let layer = try #require(LinearLayer(graph, 0))
    let columns = try #require(LayerColumns(graph, graph.nodes[0]))
    func change(_ difference: (Tensor, Tensor) -> [Float]) throws -> Float {
      let none = try #require(TwinMoments(columns, residuals: 0, seed: 0, examples: 12))
      var halves = [none, none]
      for example in 0..<12 {
        let packed = network.tensor([1, 6, 6, 12])
        let noise = network.tensor([1, 6, 6, 12])
        let float = Tensor(shape: packed.shape, values: zip(packed.values, difference(packed, noise)).map { $0 + $1 })
        halves[example % 2].add(float: float, packed: packed, residual: nil, on: Workers(count: 1))
      }
      let all = TwinHalves(first: halves[0], second: halves[1], whole: halves[0] + halves[1])
      let fit = LayerReconstruction(layer, all, on: Workers(count: 1))
      var (sum, power): (Float, Float) = (0, 0)
      for (a, b) in zip(fit.weights, layer.weights.values) {
        sum += (a - b) * (a - b)
        power += b * b
      }
      return (sum / power).squareRoot()
    }
    // x = 1.2 · x̂: the weights grow by a fifth, less what damping takes.
    let shared = try change { packed, _ in packed.values.map { $0 * 0.2 } }
    #expect(abs(shared - 0.2) < 0.02, "\(shared)")
    #expect(try change { _, noise in noise.values.map { $0 * 0.2 } } < 0.02)
  }
}

/// A bank of filters that remember their last results (singular value decomposition filter).
///
/// Inputs: x [N,K], feature weights [F,K], time weights [F,M], bias [U], F = U · rank. Each filter weighs x, keeps the last
/// M results and weighs those in time, the oldest first; a unit adds up its `rank` neighbouring filters and its bias.
public struct SVDF: Operator {
  /// "SVDF".
  public static var kind: String { "SVDF" }

  /// Filters that a unit adds up.
  public var rank: Int
  /// The integers of an imported int8 layer: what the packed file holds.
  public var integers: Integers?

  /// An int8 layer's own numbers.
  public struct Integers: Sendable {
    /// F × K, of this scale.
    public var featureWeights: [Int8]
    /// Real value of a step.
    public var featureScale: Float
    /// F × M; int8 ones are widened.
    public var timeWeights: [Int16]
    /// Real value of a step.
    public var timeScale: Float
    /// One a unit, in steps of state scale × time scale.
    public var biases: [Int32]
    /// Of the remembered results.
    public var state: Quantization

    /// These numbers.
    public init(
      featureWeights: [Int8], featureScale: Float, timeWeights: [Int16], timeScale: Float, biases: [Int32],
      state: Quantization
    ) {
      self.featureWeights = featureWeights
      self.featureScale = featureScale
      self.timeWeights = timeWeights
      self.timeScale = timeScale
      self.biases = biases
      self.state = state
    }
  }

  /// A bank with this rank.
  public init(rank: Int, integers: Integers? = nil) {
    self.rank = rank
    self.integers = integers
  }

  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// [N,U].
  /// - Throws: `GraphError` when weights, bias and rank do not fit.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x", "feature weights", "time weights", "bias")
    guard inputs[0].count == 2, inputs[1].count == 2, inputs[2].count == 2, inputs[3].count == 1, rank >= 1,
      inputs[0][1] == inputs[1][1], inputs[1][0] == inputs[2][0], inputs[2][1] >= 1, inputs[1][0] % rank == 0,
      inputs[3][0] == inputs[1][0] / rank
    else {
      throw GraphError(
        "an input of shape \(inputs[0]), weights of \(inputs[1]) and \(inputs[2]), a bias of \(inputs[3]) and rank "
          + "\(rank) do not fit each other")
    }
    return [[inputs[0][0], inputs[3][0]]]
  }

  /// Weights of both kinds.
  public func macs(inputs: [[Int]], output: [Int]) -> Int {
    inputs[0][0] * inputs[1][0] * (inputs[1][1] + inputs[2][1])
  }

  /// The answer to x after a long silence: what is remembered is 0.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let (x, features, times, bias) = (inputs[0], inputs[1], inputs[2], inputs[3])
    let (depth, memory, units) = (features.shape[1], times.shape[1], bias.count)
    var values: [Float] = []
    for image in 0..<x.shape[0] {
      for unit in 0..<units {
        var sum = bias.values[unit]
        for filter in unit * rank..<(unit + 1) * rank {
          var feature: Float = 0
          for index in 0..<depth {
            feature += features.values[filter * depth + index] * x.values[image * depth + index]
          }
          sum += feature * times.values[filter * memory + memory - 1]
        }
        values.append(sum)
      }
    }
    return [Tensor(shape: [x.shape[0], units], values: values)]
  }

  /// A record of the runtime's SVDF.
  /// - Throws: `GraphError` when the layer was not imported with integers of its own.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    guard let integers else {
      throw GraphError(
        "\(node.name): an SVDF can only be packed from an int8 network, because calibration sees single inputs, not "
          + "sequences; convert the model to int8 first")
    }
    let (input, output) = (try node.activation(0), try node.outputRule())
    let filters = integers.timeWeights.count
    let memory = node.inputs[2].shape[1]
    let toState = Double(input.scale * integers.featureScale) / Double(integers.state.scale)
    let toOutput = Double(integers.state.scale * integers.timeScale) / Double(output.scale)
    let factors = [try RoundingFactor(toState, node.name), try RoundingFactor(toOutput, node.name)]
    let (low, high) = try node.clampBounds()
    var record = LoweredOperator(
      code: 50, operands: [0], parameters: [Int32(rank)] + factors.flatMap(\.parameters) + [low, high])
    record.weights = integers.featureWeights
    record.table = littleEndianBytes(integers.timeWeights)
    record.table += [UInt8](repeating: 0, count: -record.table.count & 3) + littleEndianBytes(integers.biases)
    record.states = [
      LoweredState(
        name: "state", shape: RuntimeShape(height: 1, width: filters / memory, channels: memory),
        quantization: integers.state)
    ]
    return .step(record)
  }
}

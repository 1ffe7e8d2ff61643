import Foundation

/// A long short-term memory over the second axis, without projection, peepholes or normalization.
///
/// Inputs: x [1,T,K], input weights [4·U,K], hidden weights [4·U,U], bias [4·U]; gates in the order input, forget, cell,
/// output. cell = sigmoid(forget) · cell + sigmoid(input) · tanh(cell gate); hidden = sigmoid(output) · tanh(cell).
public struct LSTM: Operator {
  /// "LSTM".
  public static var kind: String { "LSTM" }

  /// The cell's magnitude is at most this; 0: any.
  public var cellClip: Float
  /// The integers of an imported int8 layer: what the packed file holds.
  public var integers: Integers?

  /// An int8 layer's own numbers, gate by gate.
  public struct Integers: Sendable {
    /// U × K each.
    public var inputWeights: [[Int8]]
    /// Real value of a step.
    public var inputScales: [Float]
    /// U × U each.
    public var hiddenWeights: [[Int8]]
    /// Real value of a step.
    public var hiddenScales: [Float]
    /// U each, in steps of input scale × weight scale.
    public var biases: [[Int32]]
    /// Of the hidden state: the output's.
    public var hidden: Quantization
    /// Of the cell: a power of two.
    public var cellScale: Float

    /// These numbers.
    public init(
      inputWeights: [[Int8]], inputScales: [Float], hiddenWeights: [[Int8]], hiddenScales: [Float], biases: [[Int32]],
      hidden: Quantization, cellScale: Float
    ) {
      self.inputWeights = inputWeights
      self.inputScales = inputScales
      self.hiddenWeights = hiddenWeights
      self.hiddenScales = hiddenScales
      self.biases = biases
      self.hidden = hidden
      self.cellScale = cellScale
    }
  }

  /// A layer with this clip.
  public init(cellClip: Float = 0, integers: Integers? = nil) {
    self.cellClip = cellClip
    self.integers = integers
  }

  /// [1,T,U].
  /// - Throws: `GraphError` when weights and bias do not fit.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x", "input weights", "hidden weights", "bias")
    let units = inputs[3].reduce(1, *) / 4
    guard inputs[0].count == 3, inputs[0][0] == 1, inputs[3].count == 1, inputs[3][0] == 4 * units, units >= 1,
      inputs[1] == [4 * units, inputs[0][2]], inputs[2] == [4 * units, units]
    else {
      throw GraphError(
        "an input of shape \(inputs[0]) (batch 1), weights of \(inputs[1]) and \(inputs[2]) and a bias of \(inputs[3]) "
          + "do not fit each other")
    }
    return [[1, inputs[0][1], units]]
  }

  /// Weights of both kinds, for each time step.
  public func macs(inputs: [[Int]], output: [Int]) -> Int {
    inputs[0][1] * inputs[1][0] * (inputs[1][1] + inputs[2][1])
  }

  /// The answer to a sequence from a memory of zeros.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let (x, inputWeights, hiddenWeights, bias) = (inputs[0], inputs[1].values, inputs[2].values, inputs[3].values)
    let (times, depth, units) = (x.shape[1], x.shape[2], bias.count / 4)
    var (hidden, cell) = ([Float](repeating: 0, count: units), [Float](repeating: 0, count: units))
    var values: [Float] = []
    for time in 0..<times {
      let sums = (0..<4 * units).map { row in
        var sum = bias[row]
        for index in 0..<depth { sum += inputWeights[row * depth + index] * x.values[time * depth + index] }
        for index in 0..<units { sum += hiddenWeights[row * units + index] * hidden[index] }
        return sum
      }
      func sigmoid(_ value: Float) -> Float { 1 / (1 + exp(-value)) }
      for unit in 0..<units {
        cell[unit] =
          sigmoid(sums[units + unit]) * cell[unit] + sigmoid(sums[unit]) * Foundation.tanh(sums[2 * units + unit])
        if cellClip > 0 { cell[unit] = max(-cellClip, min(cellClip, cell[unit])) }
        hidden[unit] = sigmoid(sums[3 * units + unit]) * Foundation.tanh(cell[unit])
      }
      values += hidden
    }
    return [Tensor(shape: [1, times, units], values: values)]
  }

  /// A record of the runtime's LSTM.
  /// - Throws: `GraphError` when the layer was not imported with integers of its own.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    guard let integers else {
      throw GraphError(
        "\(node.name): an LSTM can only be packed from an int8 network, because calibration sees single inputs, not "
          + "sequences; convert the model to int8 first")
    }
    let (input, output) = (try node.activation(0), try node.outputRule())
    guard output == integers.hidden else {
      throw GraphError("\(node.name): its output must be quantized as its hidden state; convert the model again")
    }
    var factors: [Double] = []
    for gate in 0..<4 {
      factors.append(Double(input.scale * integers.inputScales[gate]) * 4096)
      factors.append(Double(integers.hidden.scale * integers.hiddenScales[gate]) * 4096)
    }
    factors += [0x1p-15, 0x1p-30 / Double(integers.cellScale), 0x1p-30 / Double(output.scale)]
    var parameters: [Int32] = []
    for factor in factors { parameters += try RoundingFactor(factor, node.name).parameters }
    let clip = cellClip > 0 ? Int32(max(1, min(32767, (cellClip / integers.cellScale).rounded(.towardZero)))) : 0
    // The tanh table's argument for a cell value: scale · 4096 · 3, exact because the scale is a power of two.
    let argument = try WholeFactor(Double(integers.cellScale) * 12288, node.name)
    var record = LoweredOperator(code: 51, operands: [0], parameters: parameters + [clip] + argument.parameters)
    for gate in 0..<4 { record.weights += integers.inputWeights[gate] + integers.hiddenWeights[gate] }
    record.table = sigmoidTable() + integers.biases.flatMap(littleEndianBytes)
    let shape = RuntimeShape(height: 1, width: 1, channels: integers.biases[0].count)
    record.states = [
      LoweredState(name: "hidden", shape: shape, quantization: integers.hidden),
      LoweredState(
        name: "cell", shape: shape,
        quantization: Quantization(scale: integers.cellScale, zeroPoint: 0, element: .int16)),
    ]
    return .step(record)
  }
}

import CShim

/// What the packed file stores for one node.
public enum Lowered: Sendable {
  /// The output is the input's bytes under another shape: nothing runs.
  case alias
  /// One step of the runtime.
  case step(LoweredOperator)
}

/// A record of the packed file before it has offsets. The Compiler serializes it.
public struct LoweredOperator: Sendable {
  /// `Martlet.Operator.code` of the runtime's operator.
  public var code: UInt32
  /// The node's inputs that are tensors at run time, as indices into `Node.inputs`, in the record's order.
  public var operands: [Int]
  /// In the order that `Martlet/Operators/Name.swift` documents; floats as their bits. At most 32.
  public var parameters: [Int32]
  /// Packed weights.
  public var weights: [Int8] = []
  /// Constants of each block of sixteen output channels.
  public var channels: [martlet_channel_block] = []
  /// Look-up table bytes.
  public var table: [UInt8] = []
  /// Tensors that the operator keeps from run to run; inputs of the record after `operands`.
  public var states: [LoweredState] = []
  /// What had to be bent so that no value overflows or vanishes: sentences for the conversion report.
  public var notes: [String] = []

  /// A record with these parameters and no constants.
  public init(code: UInt32, operands: [Int], parameters: [Int32] = []) {
    self.code = code
    self.operands = operands
    self.parameters = parameters
  }
}

/// Everything that an operator knows about its place in the quantized network when it is lowered.
public struct LoweringContext: Sendable {
  /// A tensor or constant as the packed network sees it.
  public struct Operand: Sendable {
    /// As in the graph, batch first.
    public var shape: [Int]
    /// The activation's rule; for constants that stay float, nil.
    public var quantization: Quantization?
    /// The value of a constant.
    public var constant: Tensor?

    /// An operand.
    public init(shape: [Int], quantization: Quantization?, constant: Tensor? = nil) {
      self.shape = shape
      self.quantization = quantization
      self.constant = constant
    }
  }

  /// For messages.
  public var name: String
  /// In the order of `Node.inputs`.
  public var inputs: [Operand]
  /// The first output.
  public var output: Operand
  /// The fused clamp in real values.
  public var clamp: ClosedRange<Float>?
  /// Quantized weights of an imported or specially rounded layer: used as they are, instead of rounding input 1.
  public var quantizedWeights: QuantizedWeights?
  /// How many bits the weights get, for operators that have a choice.
  public var weightBits: WeightBits

  /// A context.
  public init(
    name: String, inputs: [Operand], output: Operand, clamp: ClosedRange<Float>? = nil,
    quantizedWeights: QuantizedWeights? = nil, weightBits: WeightBits = .eight
  ) {
    self.name = name
    self.inputs = inputs
    self.output = output
    self.clamp = clamp
    self.quantizedWeights = quantizedWeights
    self.weightBits = weightBits
  }
}

/// Int8 weights with one scale an output channel, symmetric, −127…127 (of four bits −7…7), and biases of scale input × weight: int32, or of an
/// int16 input 64 bits.
public struct QuantizedWeights: Equatable, Sendable {
  /// In the order of the float weights.
  public var values: [Int8]
  /// One an output channel.
  public var scales: [Float]
  /// One an output channel.
  public var biases: [Int64]
  /// Whether the factors input scale × weight scale ÷ output scale are rounded to float32 after each of the two steps, as
  /// XNNPACK does, so that an imported network gives its bytes; else once, from double precision.
  public var roundsFactorsStepwise: Bool

  /// Weights, scales and biases.
  public init(values: [Int8], scales: [Float], biases: [Int64], roundsFactorsStepwise: Bool = false) {
    self.values = values
    self.scales = scales
    self.biases = biases
    self.roundsFactorsStepwise = roundsFactorsStepwise
  }
}

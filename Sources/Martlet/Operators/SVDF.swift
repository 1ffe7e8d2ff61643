import CShim

/// A bank of filters that remember their last results (singular value decomposition filter), by TensorFlow Lite's integer
/// rule (`martlet_svdf`).
///
/// Inputs: x [1, 1, K] int8, state [1, F, M] int8 or int16. Output [1, 1, U] int8, F = U · rank. Weights: F × K int8.
/// Table: F × M int16 weights in time, then U int32 biases.
public enum SVDF: Operator {
  /// 50 in the file.
  public static var code: UInt32 { 50 }
  /// The name in reports.
  public static var kind: StaticString { "SVDF" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// Filters that a unit adds up.
    case rank
    /// Input scale · feature scale ÷ state scale, and state scale · time scale ÷ output scale, as
    /// `martlet_rounding_factor`.
    case stateMultiplier, stateShift, outputMultiplier, outputShift
    /// Clamp in the int8 domain.
    case low, high
  }

  /// int8 in and out; the state, which this operator alone changes, int8 or int16.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(2...2)
    try step.requireElement(ofInput: 0, .int8)
    try step.requireState(1)
    guard step.input(1).element != .int32 else { throw step.fault(.operand, 1) }
    try step.requireOutputElement(.int8)
  }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireParameters(count: Parameter.high.rawValue + 1)
    try step.requireClamp(low: Parameter.low, high: .high)
    try step.requireRoundingFactor(multiplier: Parameter.stateMultiplier, shift: .stateShift)
    try step.requireRoundingFactor(multiplier: Parameter.outputMultiplier, shift: .outputShift)
    let (input, state, output) = (step.input(0), step.input(1), step.output)
    guard input.height == 1, input.width == 1 else { throw step.fault(.operand, 0) }
    guard state.height == 1, state.isPacked else { throw step.fault(.operand, 1) }
    guard output.height == 1, output.width == 1 else { throw step.fault(.operand, 2) }
    let rank = step.integer(Parameter.rank)
    guard rank >= 1, Wide.product(output.channels, rank) == Wide.of(state.width) else {
      throw step.fault(parameter: Parameter.rank)
    }
    let timeBytes = Wide.product(state.width, state.channels) * 2
    try step.requireConstants(
      weights: Wide.product(state.width, input.channels),
      table: Wide.roundedUp(timeBytes, toMultipleOf: 4) + 4 * Wide.of(output.channels))
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// Computes the output and the next state.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    let state = step.input(1)
    guard !rows.isEmpty, let table = step.table else { return }
    let timeBytes = (Int(state.width) * Int(state.channels) * 2 + 3) / 4 * 4
    var svdf = martlet_svdf(
      feature_weights: step.weights, time_weights: UnsafeRawPointer(table).assumingMemoryBound(to: Int16.self),
      bias: UnsafeRawPointer(table + timeBytes).assumingMemoryBound(to: Int32.self), inputs: step.input(0).channels,
      filters: state.width, memory: state.channels, rank: step.integer(Parameter.rank),
      input_zero_point: step.storedInputZeroPoint(0), state_bytes: state.elementBytes,
      state_zero_point: state.zeroPoint,
      state_factor: step.roundingFactor(multiplier: Parameter.stateMultiplier, shift: .stateShift),
      output_factor: step.roundingFactor(multiplier: Parameter.outputMultiplier, shift: .outputShift),
      output: step.outputRule(low: Parameter.low, high: .high))
    martlet_svdf_step(kernels, &svdf, step.inputRows(0).base, step.inputRows(1).base, step.outputRows.base)
  }
}

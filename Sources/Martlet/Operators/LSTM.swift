import CShim

/// A long short-term memory over the pixels of a row, one time step each, by TensorFlow Lite's integer rule
/// (`martlet_lstm`); without projection, peepholes or normalization.
///
/// Inputs: x [1, T, K] int8, hidden state [1, 1, U] int8, cell state [1, 1, U] int16. Output [1, T, U], quantized as the
/// hidden state. Gates in the order input, forget, cell, output. Weights: for each gate U × K, then U × U int8. Table: 256
/// uint16 of the sigmoid, then 4 × U int32 biases.
public enum LSTM: Operator {
  /// 51 in the file.
  public static var code: UInt32 { 51 }
  /// The name in reports.
  public static var kind: StaticString { "LSTM" }

  /// The order of the record's parameters; factors are `martlet_rounding_factor`s, multiplier and shift.
  public enum Parameter: Int {
    /// Input scale · weight scale ÷ 2^−12, then hidden scale · weight scale ÷ 2^−12, gate by gate.
    case inputMultiplier, inputShift, inputHiddenMultiplier, inputHiddenShift
    case forgetMultiplier, forgetShift, forgetHiddenMultiplier, forgetHiddenShift
    case cellMultiplier, cellShift, cellHiddenMultiplier, cellHiddenShift
    case outputMultiplier, outputShift, outputHiddenMultiplier, outputHiddenShift
    /// 2^−15; 2^−30 ÷ cell scale; 2^−30 ÷ output scale.
    case keptMultiplier, keptShift, updateMultiplier, updateShift, resultMultiplier, resultShift
    /// The cell's magnitude is at most this; 0: any.
    case cellClip
    /// The argument of the tanh table for a cell value: multiplier · 2^−shift.
    case argumentMultiplier, argumentShift
  }

  /// int8 in and out; the states, which this operator alone changes, int8 and int16.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(3...3)
    try step.requireElement(ofInput: 0, .int8)
    try step.requireState(1)
    try step.requireState(2)
    guard step.input(1).element == .int8 else { throw step.fault(.operand, 1) }
    guard step.input(2).element == .int16, step.input(2).zeroPoint == 0 else { throw step.fault(.operand, 2) }
    try step.requireOutputElement(.int8)
  }

  /// Parameters, shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireParameters(count: Parameter.argumentShift.rawValue + 1)
    for position in 0..<11 {
      guard step.integer(at: 2 * position) >= 0 else { throw step.fault(.parameter, 2 * position) }
      guard (-31...30).contains(step.integer(at: 2 * position + 1)) else {
        throw step.fault(.parameter, 2 * position + 1)
      }
    }
    guard (0...32767).contains(step.integer(Parameter.cellClip)) else {
      throw step.fault(parameter: Parameter.cellClip)
    }
    try step.requireFactor(multiplier: Parameter.argumentMultiplier, shift: .argumentShift)
    guard martlet_factor_fits(step.factor(multiplier: Parameter.argumentMultiplier, shift: .argumentShift)) == 1 else {
      throw step.fault(parameter: Parameter.argumentMultiplier)
    }
    let (input, hidden, output) = (step.input(0), step.input(1), step.output)
    guard input.height == 1, output.height == 1, input.width == output.width else { throw step.fault(.operand, 0) }
    for position in 1...2 {
      let state = step.input(position)
      guard state.height == 1, state.width == 1, state.channels == output.channels else {
        throw step.fault(.operand, position)
      }
    }
    guard hidden.hasQuantization(of: output) else { throw step.fault(.quantization, 1) }
    let units = Wide.of(output.channels)
    try step.requireConstants(
      weights: Wide.product(4 * units, Wide.of(input.channels) + units), table: 512 + 16 * units)
  }

  /// Four gates of int16.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 8 * Int(step.output.channels) }

  /// Computes the output and the next states.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    guard !rows.isEmpty, let table = step.table, let weights = step.weights, let scratch = step.scratch,
      let cell = step.inputRows(2).base
    else { return }
    let (inputs, units) = (step.input(0).channels, step.output.channels)
    var lstm = martlet_lstm(
      gates: (
        gate(step, 0, weights, table), gate(step, 1, weights, table), gate(step, 2, weights, table),
        gate(step, 3, weights, table)
      ), sigmoid: step.wordTable, inputs: inputs, units: units,
      input_zero_point: step.storedInputZeroPoint(0), hidden_zero_point: step.storedInputZeroPoint(1),
      forget_factor: factor(step, 8), update_factor: factor(step, 9), hidden_factor: factor(step, 10),
      cell_clip: step.integer(Parameter.cellClip),
      cell_argument: step.factor(multiplier: Parameter.argumentMultiplier, shift: .argumentShift))
    let (x, output) = (step.inputRows(0), step.outputRows)
    var time = 0
    while time < Int(output.width) {
      martlet_lstm_step(
        kernels, &lstm, x.base + time * x.pixel_pitch_bytes, step.inputRows(1).base,
        UnsafeMutableRawPointer(cell).assumingMemoryBound(to: Int16.self),
        output.base + time * output.pixel_pitch_bytes,
        UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Int16.self))
      time += 1
    }
  }

  private static func gate(
    _ step: borrowing Step, _ number: Int, _ weights: UnsafePointer<Int8>, _ table: UnsafePointer<UInt8>
  ) -> martlet_lstm_gate {
    let (inputs, units) = (Int(step.input(0).channels), Int(step.output.channels))
    let first = weights + number * units * (inputs + units)
    let bias = UnsafeRawPointer(table + 512).assumingMemoryBound(to: Int32.self)
    return martlet_lstm_gate(
      input_weights: first, hidden_weights: first + units * inputs, bias: bias + number * units,
      input_factor: factor(step, 2 * number), hidden_factor: factor(step, 2 * number + 1))
  }

  /// Factor number `position` of the record.
  private static func factor(_ step: borrowing Step, _ position: Int) -> martlet_rounding_factor {
    martlet_rounding_factor(
      multiplier: step.integer(at: 2 * position), shift: step.integer(at: 2 * position + 1))
  }
}

extension Step {
  /// A multiplier in 0…2³¹ − 1 and a shift in −31…30.
  func requireRoundingFactor<Parameter: RawRepresentable>(multiplier: Parameter, shift: Parameter) throws(Fault)
  where Parameter.RawValue == Int {
    guard integer(multiplier) >= 0 else { throw fault(parameter: multiplier) }
    guard (-31...30).contains(integer(shift)) else { throw fault(parameter: shift) }
  }

  /// A factor of TensorFlow Lite's form.
  func roundingFactor<Parameter: RawRepresentable>(multiplier: Parameter, shift: Parameter) -> martlet_rounding_factor
  where Parameter.RawValue == Int {
    martlet_rounding_factor(multiplier: integer(multiplier), shift: integer(shift))
  }
}

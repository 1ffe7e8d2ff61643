import CShim

/// A function of one int16 value through a table: 513 int32 with straight lines between them, or the 256 entries of
/// TensorFlow Lite's rule for sigmoid and tanh. Input and output have one shape.
public enum ActivationInt16: Operator {
  /// 48 in the file.
  public static var code: UInt32 { 48 }
  /// The name in reports.
  public static var kind: StaticString { "ActivationInt16" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// `martlet_int16_function`: 0 a table of 513, 1 sigmoid, 2 tanh.
    case function
    /// For 1 and 2: the argument of the table, as multiplier · 2^−shift of the value.
    case multiplier, shift
    /// For 0: the clamp.
    case low, high
  }

  /// int16 in and out.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) { try step.requireElements(.int16) }

  /// Parameters, shapes and constants agree, and the table's argument fits 31 bits.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.high.rawValue + 1)
    guard step.input(0).hasShape(of: step.output) else { throw step.fault(.operand, 0) }
    let multiplier = step.integer(Parameter.multiplier)
    let shift = step.integer(Parameter.shift)
    switch step.integer(Parameter.function) {
    case 0:
      guard multiplier == 0 else { throw step.fault(parameter: Parameter.multiplier) }
      guard shift == 0 else { throw step.fault(parameter: Parameter.shift) }
      try step.requireInt16Clamp(low: Parameter.low, high: .high)
      try step.requireConstants(table: 2052)
      guard let table = step.table.map({ UnsafeRawPointer($0).assumingMemoryBound(to: Int32.self) }) else {
        throw step.fault(.constant, 2)
      }
      for place in 0...512 where !(-4_194_303...4_194_303).contains(table[place]) { throw step.fault(.factor, place) }
    case 1, 2:
      try step.requireFactor(multiplier: Parameter.multiplier, shift: .shift)
      guard martlet_factor_fits(step.factor(multiplier: Parameter.multiplier, shift: .shift)) == 1 else {
        throw step.fault(parameter: Parameter.multiplier)
      }
      guard step.integer(Parameter.low) == 0 else { throw step.fault(parameter: Parameter.low) }
      guard step.integer(Parameter.high) == 0 else { throw step.fault(parameter: Parameter.high) }
      try step.requireConstants(table: 512)
    default: throw step.fault(parameter: Parameter.function)
    }
  }

  /// None.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 0 }

  /// True.
  public static func worksInPlace(input: Int) -> Bool { true }

  /// The same rows.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    rows
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    let number = UInt32(bitPattern: step.integer(Parameter.function))
    var rule = martlet_int16_look_up(
      function: martlet_int16_function(rawValue: numericCast(number)), table: step.table,
      low: step.integer(Parameter.low), high: step.integer(Parameter.high),
      argument: step.factor(multiplier: Parameter.multiplier, shift: .shift))
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_int16_look_up_rows(&rule, &input, &output, rows.lowerBound, rows.upperBound)
  }
}

import CShim

/// Normalization by the mean and variance of groups of adjacent channels: of the whole image (one group: all of it; a group
/// a channel: instance normalization), or of each pixel (layer normalization). Input and output have one shape.
///
/// Table: a float32 factor for each channel, then a float32 addend for each channel, both in steps of the output.
public enum GroupNormalization: Operator {
  /// 25 in the file.
  public static var code: UInt32 { 25 }
  /// The name in reports.
  public static var kind: StaticString { "GroupNormalization" }

  /// The order of the record's parameters.
  public enum Parameter: Int {
    /// How many groups the channels are divided into.
    case groups
    /// 1: statistics of each pixel alone; 0: of the whole image.
    case eachPixel
    /// Clamp in the int8 domain.
    case low, high
    /// Float: what is added to the variance, in squared steps of the input.
    case epsilon
  }

  /// Parameters, shapes and constants agree, and no sum overflows.
  public static func verify(_ step: borrowing Step) throws(Fault) {
    try step.requireInputs(1...1)
    try step.requireParameters(count: Parameter.epsilon.rawValue + 1)
    try step.requireClamp(low: Parameter.low, high: .high)
    let output = step.output
    guard step.input(0).hasShape(of: output) else { throw step.fault(.operand, 0) }
    let groups = step.integer(Parameter.groups)
    guard groups >= 1, groups <= output.channels, output.channels % groups == 0 else {
      throw step.fault(parameter: Parameter.groups)
    }
    guard (0...1).contains(step.integer(Parameter.eachPixel)) else { throw step.fault(parameter: Parameter.eachPixel) }
    let pixels = step.integer(Parameter.eachPixel) == 1 ? 1 : Wide.product(output.height, output.width)
    guard Wide.product(pixels, Wide.of(output.channels / groups)) <= 16_777_216 else {
      throw step.fault(parameter: Parameter.groups)
    }
    guard step.float(Parameter.epsilon) > 0 else { throw step.fault(.factor, Parameter.epsilon.rawValue) }
    try step.requireFactor(Parameter.epsilon, atMost: .greatestFiniteMagnitude)
    try step.requireConstants(table: 8 * Wide.of(output.channels))
    try step.requireTableFloats(count: 2 * Int(output.channels), in: -1_048_576...1_048_576)
  }

  /// Sums, means and factors of every channel.
  public static func scratchBytes(_ step: borrowing Step) -> Int { 32 * Int(step.output.channels) }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    var rule = martlet_group_normalization(
      groups: step.integer(Parameter.groups), each_pixel: step.integer(Parameter.eachPixel),
      epsilon: step.float(Parameter.epsilon), gains: step.tableFloats(),
      shifts: step.tableFloats(from: Int(step.output.channels)),
      output: step.outputRule(low: Parameter.low, high: .high))
    var input = step.inputRows(0)
    var output = step.outputRows
    martlet_group_normalization_rows(&rule, &input, &output, rows.lowerBound, rows.upperBound, step.scratch)
  }
}

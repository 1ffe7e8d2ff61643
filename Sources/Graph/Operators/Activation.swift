import CShim

/// A function of one argument, applied to every element.
public struct Activation: InPlaceOperator {
  /// "Activation".
  public static var kind: String { "Activation" }

  /// What is applied.
  public var function: Function

  /// The stored output byte of each stored input byte (256), where the source of an int8 network defines them otherwise
  /// than by rounding `function`; else nil.
  public var definedTable: [UInt8]?

  /// Applies `function`.
  public init(_ function: Function, definedTable: [UInt8]? = nil) {
    self.function = function
    self.definedTable = definedTable
  }

  /// A table may end in any clamp.
  public var fusesClamp: Bool { true }

  /// Sigmoid and tanh have the fixed ranges of the TFLite int8 specification.
  public var outputQuantization: OutputQuantization {
    switch function {
    case .sigmoid: .fixed(Quantization(scale: 1 / 256, zeroPoint: -128))
    case .tanh: .fixed(Quantization(scale: 1 / 128, zeroPoint: 0))
    default: .calibrated
    }
  }

  /// Sigmoid and tanh have the fixed ranges of the TFLite 16-bit specification.
  public var int16OutputQuantization: OutputQuantization? {
    switch function {
    case .sigmoid, .tanh: .fixed(Quantization(scale: 1 / 32768, zeroPoint: 0, element: .int16))
    default: .calibrated
    }
  }

  /// The input's shape.
  /// - Throws: `GraphError` when there is not one input.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "x")
    return inputs
  }

  /// The function of every element.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    if let clamp = function.clamp {
      let (low, high) = bounds(clamp)
      return [
        mapLines(inputs[0], on: workers) { output, x, count in martlet_float_clamp(output, x, low, high, count) }
      ]
    }
    let function = function
    return [
      mapLines(inputs[0], on: workers) { output, x, count in
        for index in 0..<count { output[index] = function(x[index]) }
      }
    ]
  }

  func evaluateInPlace(_ x: inout Tensor, prepared: PackedFloats?, on workers: Workers) {
    if let clamp = function.clamp { return x.clamp(clamp, on: workers) }
    let function = function
    x.forEachPart(on: workers, unit: 1) { part, count in
      for index in 0..<count { part[index] = function(part[index]) }
    }
  }

  /// A look-up of each byte in a table: `definedTable`, or `function` between the two quantizations.
  /// - Throws: `GraphError` when a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    let elements = [try node.anyActivation(0).element, try node.anyOutputRule().element]
    if elements != [.int8, .int8] {
      return try node.lowerWideActivation(function)
    }
    var record = LoweredOperator(code: 8, operands: [0])
    if let definedTable, definedTable.count == 256 {
      let (low, high) = try node.clampBounds()
      record.table = definedTable.map { UInt8(max(low + 128, min(high + 128, Int32($0)))) }
      return .step(record)
    }
    record.table = activationTable(
      from: try node.activation(0), to: try node.outputRule(), clamp: node.clamp
    ) { function($0) }
    return .step(record)
  }
}

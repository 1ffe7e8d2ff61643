/// One kind of layer: its attributes, shape rule, float evaluation and packed form.
///
/// `Graph/Operators/Name.swift` holds one; the runtime's half is `Martlet/Operators/Name.swift`.
public protocol Operator: Sendable {
  /// The field's standard name: "Conv2D".
  static var kind: String { get }

  /// Output shapes for these input shapes.
  /// - Throws: `GraphError` with the reason when they do not fit.
  func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]]

  /// The float definition of the operator. Shapes were checked by `outputShapes`.
  func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor]

  /// What decides the output's quantization.
  var outputQuantization: OutputQuantization { get }

  /// What decides the output's quantization when the operator computes with int16 tensors; nil: it has no int16 form.
  var int16OutputQuantization: OutputQuantization? { get }

  /// Whether its weights may have four bits in the packed file instead of eight.
  var hasFourBitForm: Bool { get }

  /// Whether a following clamp (ReLU, ReLU6, …) can be done in this operator's last step: `Node.clamp`.
  var fusesClamp: Bool { get }

  /// Whether an output element depends on the input elements at its place alone, so that a Transpose of the inputs may
  /// as well come after.
  var isElementwise: Bool { get }

  /// Multiply-accumulates for these shapes, padding excluded.
  func macs(inputs: [[Int]], output: [Int]) -> Int

  /// The packed form: a record of the runtime's operator, or an alias of the input.
  /// - Throws: `GraphError` when this use has no int8 form, with the reason and a remedy.
  func lower(_ node: LoweringContext) throws(GraphError) -> Lowered
}

extension Operator {
  /// Calibrated, unless an operator says otherwise.
  public var outputQuantization: OutputQuantization { .calibrated }
  /// No int16 form, unless an operator says otherwise.
  public var int16OutputQuantization: OutputQuantization? { nil }
  /// No, unless an operator says otherwise.
  public var hasFourBitForm: Bool { false }
  /// No, unless an operator says otherwise.
  public var fusesClamp: Bool { false }
  /// No, unless an operator says otherwise.
  public var isElementwise: Bool { false }
  /// None, unless an operator says otherwise.
  public func macs(inputs: [[Int]], output: [Int]) -> Int { 0 }
  /// None, unless an operator says otherwise.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    throw GraphError("\(node.name): \(kind) has no int8 form; replace it by operators that have one")
  }
  /// The kind of this value's type.
  public var kind: String { Self.kind }
}

/// What is wrong with a network, in a sentence that names the layer and a remedy.
public struct GraphError: Error, CustomStringConvertible, Sendable {
  /// The sentence.
  public var description: String
  /// An error that says `description`.
  public init(_ description: String) { self.description = description }
}

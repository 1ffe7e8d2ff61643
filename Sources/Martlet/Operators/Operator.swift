import CShim

/// The runtime's half of one kind of layer. `Graph/Operators/Name.swift` is the host's.
///
/// A conforming type is never instantiated: an operator set is a type, so only the operators it names are linked.
public protocol Operator {
  /// The number in `OperatorRecord.code`. Never reused.
  static var code: UInt32 { get }
  /// The field's standard name, as the Graph's operator of that code has it.
  static var kind: StaticString { get }

  /// Proves that every input and the output hold values of the kind that `run` takes them for; asked before `verify`.
  /// Default: eight bits.
  static func verifyElements(_ step: borrowing Step) throws(Fault)

  /// Proves that `run` stays inside its tensors, constants and scratch, whatever the data.
  /// - Throws: `Fault` with the operator's index.
  static func verify(_ step: borrowing Step) throws(Fault)

  /// Bytes of scratch that `run` needs, for a record whose parameters and tensors are filled in.
  /// Called by the Compiler to plan, and by the Verifier to check, after `verify`.
  static func scratchBytes(_ step: borrowing Step) -> Int

  /// Whether `run` may write its output over its input number `input`, when both have the same shape and place.
  /// Default: false.
  static func worksInPlace(input: Int) -> Bool

  /// What is best computed together when threads divide the output, and whether `run` honours `Step.blocks`, the output
  /// channels that a thread is to compute. Default: single rows, all channels.
  static func grain(_ step: borrowing Step) -> Grain

  /// The rows of input number `input` that the output rows `rows` (not empty) are computed from; empty when they need
  /// none. Both bounds grow with those of `rows`, or rows cannot be streamed. Default: all rows.
  static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32>

  /// Computes output rows `rows` from whatever input rows they need (all of which are there).
  static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>)
}

extension Operator {
  /// Eight bits: other element types are refused.
  public static func verifyElements(_ step: borrowing Step) throws(Fault) { try step.requireElements(.int8) }

  /// False: most operators read an input again after they wrote.
  public static func worksInPlace(input: Int) -> Bool { false }

  /// All rows: an operator that needs the whole tensor ends a row-streamed group.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    0..<step.input(input).height
  }

  /// Single rows: what most operators are divided by.
  public static func grain(_ step: borrowing Step) -> Grain { Grain() }
}

/// A list of operators as a type: `With<Conv2D, With<Add, Empty>>`.
public protocol OperatorSet {
  /// Verifies a record of any operator in the set.
  static func verify(_ step: borrowing Step) throws(Fault)
  /// Scratch bytes of any operator in the set.
  static func scratchBytes(_ step: borrowing Step) -> Int
  /// `Operator.worksInPlace` of any operator in the set.
  static func worksInPlace(_ step: borrowing Step, input: Int) -> Bool
  /// `Operator.grain` of any operator in the set.
  static func grain(_ step: borrowing Step) -> Grain
  /// `Operator.rowsNeeded` of any operator in the set.
  static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32>
  /// Runs any operator in the set.
  static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>)
  /// The name of a code, or nil when the set lacks it.
  static func kind(of code: UInt32) -> StaticString?
}

import CShim

/// A packed model where it lies: nothing is copied. The bytes must outlive the view.
///
/// Only pointers and counts; that they mean something is what the Verifier proves.
struct ModelView: ~Copyable {
  let bytes: UnsafeRawBufferPointer
  let header: UnsafePointer<Header>
  let tensors: UnsafePointer<TensorRecord>
  let operators: UnsafePointer<OperatorRecord>
  let operands: UnsafePointer<UInt32>
  let schedule: UnsafePointer<TurnRecord>
  let tensorCount: Int
  let operatorCount: Int
  /// Whether the file says in which order rows are computed. If not, each operator computes all of its rows in its turn.
  let hasSchedule: Bool
  let turnCount: Int
  /// Where the constants' sections begin.
  let constants: Step.ConstantSections
  private let inputs: UnsafePointer<UInt32>
  private let outputs: UnsafePointer<UInt32>

  /// The header and section table of `bytes` must already be verified.
  init(_ bytes: UnsafeRawBufferPointer) {
    let start = bytes.baseAddress.unsafelyUnwrapped
    let header = start.assumingMemoryBound(to: Header.self)
    self.bytes = bytes
    self.header = header
    tensors = Self.records(of: .tensors, in: header)
    operators = Self.records(of: .operators, in: header)
    operands = Self.records(of: .operands, in: header)
    schedule = Self.records(of: .schedule, in: header)
    tensorCount = Self.count(of: .tensors, each: TensorRecord.byteCount, in: header)
    operatorCount = Self.count(of: .operators, each: OperatorRecord.byteCount, in: header)
    let scheduled = Self.count(of: .schedule, each: TurnRecord.byteCount, in: header)
    hasSchedule = scheduled > 0
    turnCount = hasSchedule ? scheduled : operatorCount
    constants = Step.ConstantSections(
      weights: Self.start(of: .weights, in: header), channels: Self.start(of: .channels, in: header),
      tables: Self.start(of: .tables, in: header))
    inputs = operands + Int(truncatingIfNeeded: header.pointee.firstInput)
    outputs = operands + Int(truncatingIfNeeded: header.pointee.firstOutput)
  }

  private static func count(of section: Section, each recordBytes: Int, in header: UnsafePointer<Header>) -> Int {
    Int(truncatingIfNeeded: header.pointee[section].bytes / UInt32(truncatingIfNeeded: recordBytes))
  }

  private static func records<Record>(of section: Section, in header: UnsafePointer<Header>) -> UnsafePointer<Record> {
    start(of: section, in: header).assumingMemoryBound(to: Record.self)
  }

  private static func start(of section: Section, in header: UnsafePointer<Header>) -> UnsafeRawPointer {
    UnsafeRawPointer(header) + Int(truncatingIfNeeded: header.pointee[section].offset)
  }

  var operandCount: Int { Int(truncatingIfNeeded: header.pointee[.operands].bytes / 4) }
  var inputCount: Int { Int(truncatingIfNeeded: header.pointee.inputCount) }
  var outputCount: Int { Int(truncatingIfNeeded: header.pointee.outputCount) }
  var arenaBytes: Int { martlet_narrow(header.pointee.arenaBytes) }

  /// The tensor index of a network input.
  func inputTensor(_ position: Int) -> Int { Int(truncatingIfNeeded: inputs[position]) }

  /// The tensor index of a network output.
  func outputTensor(_ position: Int) -> Int { Int(truncatingIfNeeded: outputs[position]) }

  /// The bytes of a section.
  func section(_ section: Section) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: Self.start(of: section, in: header), count: Int(truncatingIfNeeded: header.pointee[section].bytes))
  }

  /// A stretch of the text section.
  func text(_ extent: Extent) -> Text {
    let text = section(.text)
    let first = Int(truncatingIfNeeded: extent.offset)
    return Text(bytes: UnsafeRawBufferPointer(rebasing: text[first..<first + Int(truncatingIfNeeded: extent.bytes)]))
  }

  /// Another view of the same bytes.
  func duplicate() -> ModelView { ModelView(bytes) }
}

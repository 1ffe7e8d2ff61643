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
  }

  private static func records<Record>(of section: Section, in header: UnsafePointer<Header>) -> UnsafePointer<Record> {
    (UnsafeRawPointer(header) + Int(truncatingIfNeeded: header.pointee[section].offset))
      .assumingMemoryBound(to: Record.self)
  }

  var tensorCount: Int { Int(truncatingIfNeeded: header.pointee[.tensors].bytes) / TensorRecord.byteCount }
  var operatorCount: Int { Int(truncatingIfNeeded: header.pointee[.operators].bytes) / OperatorRecord.byteCount }
  var operandCount: Int { Int(truncatingIfNeeded: header.pointee[.operands].bytes) / 4 }
  var inputCount: Int { Int(truncatingIfNeeded: header.pointee.inputCount) }
  var outputCount: Int { Int(truncatingIfNeeded: header.pointee.outputCount) }
  var arenaBytes: Int { martlet_narrow(header.pointee.arenaBytes) }

  /// The tensor index of a network input.
  func inputTensor(_ position: Int) -> Int {
    Int(truncatingIfNeeded: operands[Int(truncatingIfNeeded: header.pointee.firstInput) + position])
  }

  /// The tensor index of a network output.
  func outputTensor(_ position: Int) -> Int {
    Int(truncatingIfNeeded: operands[Int(truncatingIfNeeded: header.pointee.firstOutput) + position])
  }

  /// The bytes of a section.
  func section(_ section: Section) -> UnsafeRawBufferPointer {
    let extent = header.pointee[section]
    let first = Int(truncatingIfNeeded: extent.offset)
    return UnsafeRawBufferPointer(rebasing: bytes[first..<first + Int(truncatingIfNeeded: extent.bytes)])
  }

  /// A stretch of the text section.
  func text(_ extent: Extent) -> Text {
    let text = section(.text)
    let first = Int(truncatingIfNeeded: extent.offset)
    return Text(bytes: UnsafeRawBufferPointer(rebasing: text[first..<first + Int(truncatingIfNeeded: extent.bytes)]))
  }

  /// Where the constants' sections begin.
  var constants: Step.ConstantSections {
    Step.ConstantSections(
      weights: section(.weights).baseAddress, channels: section(.channels).baseAddress,
      tables: section(.tables).baseAddress)
  }

  /// Another view of the same bytes.
  func duplicate() -> ModelView { ModelView(bytes) }
}

import CShim

/// Header, checksums, section table.
enum HeaderCheck {
  /// - Returns: the bytes of the model alone, whose sections lie inside.
  static func verify(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> UnsafeRawBufferPointer {
    guard let base = bytes.baseAddress, bytes.count >= 8 else { throw Fault(.truncated, detail: Header.byteCount) }
    guard base.loadUnaligned(as: UInt64.self) == Header.magic else { throw Fault(.notAModel) }
    guard bytes.count >= Header.byteCount else { throw Fault(.truncated, detail: Header.byteCount) }
    guard UInt(bitPattern: base) % 64 == 0 else { throw Fault(.misaligned, detail: 1) }
    var header = base.load(as: Header.self)
    guard header.formatVersion == Header.version, header.headerBytes == UInt32(Header.byteCount) else {
      throw Fault(.unsupportedVersion, detail: Int(truncatingIfNeeded: header.formatVersion))
    }
    let checksum = header.headerChecksum
    header.headerChecksum = 0
    guard checksumOf(&header) == checksum else { throw Fault(.checksum, detail: 0) }
    let count = martlet_narrow(header.fileBytes)
    guard count <= Limits.fileBytes else { throw Fault(.limit, detail: Limits.fileBytes) }
    guard count >= Header.byteCount, bytes.count >= count else { throw Fault(.truncated, detail: count) }
    try verifySections(header, fileBytes: count)
    try verifyCounts(header)
    let body = (base + Header.byteCount).assumingMemoryBound(to: UInt8.self)
    guard martlet_checksum(body, count - Header.byteCount) == header.bodyChecksum else {
      throw Fault(.checksum, detail: 1)
    }
    return UnsafeRawBufferPointer(start: base, count: count)
  }

  private static func checksumOf(_ header: inout Header) -> UInt32 {
    withUnsafeBytes(of: &header) { bytes in
      martlet_checksum(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    }
  }

  /// Sections lie one after the other in the order of the table, each 64-byte aligned, none outside the file.
  private static func verifySections(_ header: borrowing Header, fileBytes: Int) throws(Fault) {
    let limit = UInt32(truncatingIfNeeded: fileBytes)
    var end = UInt32(truncatingIfNeeded: Header.byteCount)
    for index in 0..<13 {
      let extent = header.sections[index]
      let isEmpty = extent.bytes == 0
      guard extent.bytes <= limit, extent.offset <= limit &- extent.bytes,
        isEmpty || (extent.offset % 64 == 0 && extent.offset >= end)
      else { throw Fault(.section, detail: index) }
      if !isEmpty { end = extent.offset &+ extent.bytes }
    }
    try verifyRecords(header, .tensors, bytes: TensorRecord.byteCount, atMost: Limits.tensors)
    try verifyRecords(header, .operators, bytes: OperatorRecord.byteCount, atMost: Limits.operators)
    try verifyRecords(header, .operands, bytes: 4, atMost: Limits.operands)
    try verifyRecords(header, .schedule, bytes: TurnRecord.byteCount, atMost: Limits.turns)
    let preprocessingBytes = Int(truncatingIfNeeded: header[.preprocessing].bytes)
    guard preprocessingBytes == 0 || preprocessingBytes == PreprocessingRecord.byteCount else {
      throw Fault(.section, detail: Section.preprocessing.rawValue)
    }
  }

  @inline(never)
  private static func verifyRecords(_ header: borrowing Header, _ section: Section, bytes: Int, atMost: Int)
    throws(Fault)
  {
    let sectionBytes = Int(truncatingIfNeeded: header[section].bytes)
    guard sectionBytes % bytes == 0 else { throw Fault(.section, detail: section.rawValue) }
    guard sectionBytes / bytes <= atMost else { throw Fault(.limit, detail: sectionBytes / bytes) }
  }

  /// Not empty, and among the operands.
  @inline(never)
  private static func verifyList(_ first: UInt32, _ count: UInt32, of operands: UInt32) throws(Fault) {
    guard count > 0, count <= operands, first <= operands &- count else {
      throw Fault(.limit, detail: Int(truncatingIfNeeded: count))
    }
  }

  /// The arena's bound, the network's inputs and outputs, and what later versions may use.
  private static func verifyCounts(_ header: borrowing Header) throws(Fault) {
    let arenaBytes = martlet_narrow(header.arenaBytes)
    guard arenaBytes <= Limits.arenaBytes, arenaBytes % 64 == 0 else { throw Fault(.limit, detail: arenaBytes) }
    let operands = header[.operands].bytes / 4
    try verifyList(header.firstInput, header.inputCount, of: operands)
    try verifyList(header.firstOutput, header.outputCount, of: operands)
    for index in 0..<20 where header.reserved[index] != 0 {
      throw Fault(.unsupportedVersion, detail: Int(truncatingIfNeeded: header.formatVersion))
    }
  }
}

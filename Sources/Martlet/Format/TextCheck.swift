/// Names, labels, provenance and preprocessing.
enum TextCheck {
  static func verify(_ view: borrowing ModelView) throws(Fault) {
    try verifyEncoding(view, .text)
    try verifyEncoding(view, .labels)
    try verifyEncoding(view, .provenance)
    for index in 0..<view.tensorCount { try verifyName(view, view.tensors[index].name) }
    for index in 0..<view.operatorCount { try verifyName(view, view.operators[index].name) }
    try verifyPreprocessing(view)
  }

  @inline(never)
  private static func verifyEncoding(_ view: borrowing ModelView, _ section: Section) throws(Fault) {
    guard Text(bytes: view.section(section)).isWellFormed else {
      throw Fault(.text, detail: Int(truncatingIfNeeded: view.header.pointee[section].offset))
    }
  }

  /// In the section, not too long, and cut between code points.
  @inline(never)
  private static func verifyName(_ view: borrowing ModelView, _ name: Extent) throws(Fault) {
    let text = view.section(.text)
    guard name.bytes > 0 else { return }
    guard name.end <= Wide.of(text.count), name.bytes <= UInt32(truncatingIfNeeded: Limits.nameBytes) else {
      throw Fault(.text, detail: Int(truncatingIfNeeded: name.offset))
    }
    let first = Int(truncatingIfNeeded: name.offset)
    let end = first + Int(truncatingIfNeeded: name.bytes)
    guard text[first] & 0xC0 != 0x80, end == text.count || text[end] & 0xC0 != 0x80 else {
      throw Fault(.text, detail: first)
    }
  }

  /// The picture has the first input's shape, and its rules can be followed.
  private static func verifyPreprocessing(_ view: borrowing ModelView) throws(Fault) {
    let section = view.section(.preprocessing)
    guard let start = section.baseAddress, !section.isEmpty else { return }
    let record = start.assumingMemoryBound(to: PreprocessingRecord.self)
    let input = view.tensors[view.inputTensor(0)]
    let largest = Int32(truncatingIfNeeded: Limits.dimension)
    let hasShape =
      record.pointee.height == input.height && record.pointee.width == input.width
      && record.pointee.channels == input.channels && input.element == .int8
      && (input.channels == 1 || input.channels == 3)
    let hasRules =
      record.pointee.resizeRule <= 2 && record.pointee.cropFraction.bitPattern &- 1 < Float(1).bitPattern
      && (0...largest).contains(record.pointee.resizeShorterSide)
      && record.pointee.channelOrder <= 1 && record.pointee.interpolation <= 1
    var isUsable = hasShape && hasRules
    for channel in 0..<3 {
      let deviation = record.pointee.standardDeviation[channel]
      if !(record.pointee.mean[channel].isFinite && deviation.isPositiveAndFinite) { isUsable = false }
    }
    for index in 0..<18 where record.pointee.reserved[index] != 0 { isUsable = false }
    guard isUsable else {
      throw Fault(.text, detail: Int(truncatingIfNeeded: view.header.pointee[.preprocessing].offset))
    }
  }
}

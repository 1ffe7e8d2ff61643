/// The self-test section: nothing, or exactly as long as its counts say, which are the model's.
enum SelfTestCheck {
  static func verify(_ view: borrowing ModelView) throws(Fault) {
    let section = view.section(.selfTest)
    guard let start = section.baseAddress, !section.isEmpty else { return }
    let malformed = Fault(.section, detail: Section.selfTest.rawValue)
    guard section.count >= SelfTestRecord.byteCount else { throw malformed }
    let record = start.assumingMemoryBound(to: SelfTestRecord.self)
    var inputBytes = Wide.of(0)
    for position in 0..<view.inputCount { inputBytes += view.tensors[view.inputTensor(position)].valueBytes }
    let checksBytes = Wide.of(view.operatorCount) * 4
    guard Wide.of(record.pointee.operatorCount) == Wide.of(view.operatorCount),
      Wide.of(record.pointee.inputBytes) == inputBytes,
      Wide.of(SelfTestRecord.byteCount) + checksBytes + inputBytes == Wide.of(section.count)
    else { throw malformed }
    for index in 0..<14 where record.pointee.reserved[index] != 0 { throw malformed }
  }
}

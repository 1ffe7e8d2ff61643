import Archives
import Graph

/// torch.save before version 1.6: pickles of a magic number, a protocol number, the system's properties, the object and
/// the storages' keys, then each storage as an element count and its bytes.
enum TorchLegacyArchive {
  /// 0x1950A86A20F9469CFC6C, little-endian.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  static func read(_ source: ByteSource) throws(CheckpointError) -> [(name: String, tensor: Tensor)] {
    var machine = PickleMachine(source)
    guard case .bytes(magic) = try machine.run() else {
      throw CheckpointError("\(source.name) is a pickle, but not one that torch.save wrote.")
    }
    guard case .integer(1001) = try machine.run() else {
      throw CheckpointError("\(source.name) has a version of torch's archive format that is not read.")
    }
    try checkByteOrder(try machine.run(), machine)
    let root = try machine.run()
    guard case .list(let list) = try machine.run() else {
      throw machine.fail("the list of storages is missing")
    }
    let keys = machine.containers[list].compactMap(\.text)
    let ranges = try storageRanges(keys, machine)
    return try TorchStateDictionary(machine: machine, root: root, fileBytes: source.count).tensors {
      storage throws(CheckpointError) in
      guard let range = ranges[storage.key] else {
        throw CheckpointError("\(source.name) is damaged: storage \(storage.key) is missing.")
      }
      return (source, range)
    }
  }

  private static func checkByteOrder(_ properties: PickleValue, _ machine: PickleMachine) throws(CheckpointError) {
    let items = machine.elements(properties) ?? []
    for position in stride(from: 0, to: items.count - 1, by: 2) where items[position].text == "little_endian" {
      guard case .boolean(true) = items[position + 1] else {
        throw CheckpointError("\(machine.source.name) was saved on a big-endian machine, which is not read.")
      }
    }
  }

  private static func storageRanges(
    _ keys: [String], _ machine: PickleMachine
  ) throws(CheckpointError) -> [String: Range<Int>] {
    let source = machine.source
    var storages: [String: TorchStorage] = [:]
    for storage in machine.storages { storages[storage.key] = storage }
    var ranges: [String: Range<Int>] = [:]
    var offset = machine.offset
    for key in keys {
      guard let storage = storages[key], let count = source.littleEndian(Int64.self, at: offset),
        count == Int64(storage.wholeCount)
      else { throw CheckpointError("\(source.name) is damaged: the size of storage \(key) is wrong or missing.") }
      offset += 8
      let (byteCount, overflow) = storage.wholeCount.multipliedReportingOverflow(by: storage.type.byteCount)
      guard !overflow, byteCount <= source.count - offset else {
        throw CheckpointError("\(source.name) is cut off: storage \(key) of \(count) numbers does not fit.")
      }
      ranges[key] = offset..<offset + byteCount
      offset += byteCount
    }
    return ranges
  }
}

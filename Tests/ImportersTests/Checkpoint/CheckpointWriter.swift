import Archives

/// Makes whole checkpoint files for tests.
enum CheckpointWriter {
  /// torch's zip archive.
  static func torchZip(pickle: [UInt8], storages: [(key: String, bytes: [UInt8])]) -> [UInt8] {
    zip(
      [("model/data.pkl", pickle), ("model/byteorder", Array("little".utf8))]
        + storages.map { ("model/data/\($0.key)", $0.bytes) } + [("model/version", Array("3\n".utf8))])
  }

  /// torch's older sequence of pickles and storages.
  static func torchLegacy(pickle: [UInt8], storages: [(key: String, count: Int, bytes: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    var version = PickleWriter()
    version.integer(1001)
    version.opcode(".")
    var system = PickleWriter()
    system.opcode("}")
    system.text("little_endian")
    system.boolean(true)
    system.opcode("s")
    system.opcode(".")
    var keys = PickleWriter()
    keys.opcode("]")
    keys.opcode("(")
    for storage in storages { keys.text(storage.key) }
    keys.opcode("e")
    keys.opcode(".")
    file += version.bytes + system.bytes + pickle + keys.bytes
    for storage in storages { file += littleEndian(Int64(storage.count)) + storage.bytes }
    return file
  }

  /// A safetensors file with this JSON header and data.
  static func safetensors(header: String, data: [UInt8]) -> [UInt8] {
    littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + data
  }

  /// A zip file of stored entries (APPNOTE 6.3, 4.3.7, 4.3.12, 4.3.16).
  static func zip(_ entries: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let checksum = entry.bytes.withUnsafeBytes { Inflate.crc32($0) }
      let size = littleEndian(UInt32(entry.bytes.count))
      let common =
        littleEndian(UInt16(20)) + littleEndian(UInt16(0)) + littleEndian(UInt16(0)) + littleEndian(UInt32(0))
        + littleEndian(checksum) + size + size + littleEndian(UInt16(entry.name.utf8.count)) + littleEndian(UInt16(0))
      directory += [0x50, 0x4B, 1, 2] + littleEndian(UInt16(20)) + common
      directory += [UInt8](repeating: 0, count: 10) + littleEndian(UInt32(file.count)) + Array(entry.name.utf8)
      file += [0x50, 0x4B, 3, 4] + common + Array(entry.name.utf8) + entry.bytes
    }
    let count = littleEndian(UInt16(entries.count))
    let end =
      [0x50, 0x4B, 5, 6] + littleEndian(UInt32(0)) + count + count + littleEndian(UInt32(directory.count))
      + littleEndian(UInt32(file.count)) + littleEndian(UInt16(0))
    return file + directory + end
  }
}

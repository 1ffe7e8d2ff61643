import Archives
import Graph

/// torch.save since version 1.6: a zip file with the object's pickle `NAME/data.pkl` and one entry `NAME/data/KEY` for each
/// storage.
enum TorchZipArchive {
  /// The pickle's entry, by which a torch archive is known.
  static func pickleName(in archive: ZipArchive) -> String? {
    archive.entries.first { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }?.name
  }

  static func read(
    _ archive: ZipArchive, pickleName: String, name: String
  ) throws(CheckpointError) -> [(name: String, tensor: Tensor)] {
    let folder = pickleName.dropLast("data.pkl".count)
    if let order = archive.entry(named: folder + "byteorder") {
      guard try contents(order, of: archive).elementsEqual("little".utf8) else {
        throw CheckpointError("\(name) was saved on a big-endian machine, which is not read.")
      }
    }
    guard let pickle = archive.entry(named: pickleName) else { throw CheckpointError("\(name) has no data.pkl.") }
    var machine = PickleMachine(ByteSource(try contents(pickle, of: archive), name: name))
    let root = try machine.run()
    let state = TorchStateDictionary(machine: machine, root: root, fileBytes: archive.source.count)
    var loaded: [String: ByteSource] = [:]
    return try state.tensors { storage throws(CheckpointError) in
      let entryName = "\(folder)data/\(storage.key)"
      guard let entry = archive.entry(named: entryName) else {
        throw CheckpointError("\(name) is damaged: its entry \(entryName) is missing.")
      }
      guard entry.uncompressedBytes / storage.type.byteCount >= storage.wholeCount else {
        throw CheckpointError("\(name) is damaged: its entry \(entryName) is too short.")
      }
      let byteCount = storage.wholeCount * storage.type.byteCount
      if let source = loaded[entryName] { return (source, 0..<byteCount) }
      let source = ByteSource(try contents(entry, of: archive), name: name)
      loaded[entryName] = source
      return (source, 0..<byteCount)
    }
  }

  private static func contents(_ entry: ZipArchive.Entry, of archive: ZipArchive) throws(CheckpointError) -> [UInt8] {
    do throws(ArchiveError) {
      return try archive.contents(of: entry)
    } catch {
      throw CheckpointError(error)
    }
  }
}

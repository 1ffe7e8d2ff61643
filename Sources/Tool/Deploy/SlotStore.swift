import Compiler
import Foundation
import Graph
import Martlet

/// Two slots for a model and a note of which is current, as firmware keeps two images: a new model is written where the
/// current one is not, so that at any moment, a power cut included, one whole model is current.
struct SlotStore<Files: SlotFiles> {
  /// One of the two places.
  enum Slot: String {
    case a
    case b

    var other: Slot { self == .a ? .b : .a }
    var fileName: String { "slot-\(rawValue).martlet" }
  }

  /// What the note says: `martlet-slots 1 SLOT GENERATION CHECKSUM BYTES`.
  struct Note: Equatable {
    var slot: Slot
    /// Grows by one with each deployment and each rollback.
    var generation: Int
    /// FNV-1a of the model's bytes, and how many.
    var checksum: UInt64
    var byteCount: Int
  }

  let files: Files
  private static var noteName: String { "current" }
  /// What `deploy` and `rollBack` write before it gets its name.
  private static var partNames: [String] { [Slot.a.fileName, Slot.b.fileName, noteName].map(partName) }

  /// The current model: the slot that the note names or, where its file is damaged, the other one.
  /// - Returns: nil when nothing was ever deployed.
  /// - Throws: `ToolError` when both slots are damaged.
  func current() throws -> (slot: Slot, generation: Int, isFallback: Bool)? {
    if let found = try found() { return found }
    guard try note() == nil else { throw ToolError("both slots are damaged: deploy a model again.") }
    return nil
  }

  /// The current model, or nil when there is no whole one.
  private func found() throws -> (slot: Slot, generation: Int, isFallback: Bool)? {
    guard let note = try note() else {
      // Without a note only a first deployment was begun, or the note was lost.
      for slot in [Slot.a, .b] where isSound(try files.read(slot.fileName)) { return (slot, 0, true) }
      return nil
    }
    if let bytes = try files.read(note.slot.fileName), bytes.count == note.byteCount,
      FowlerNollVoHash(bytes).value == note.checksum
    {
      return (note.slot, note.generation, false)
    }
    return isSound(try files.read(note.slot.other.fileName)) ? (note.slot.other, note.generation, true) : nil
  }

  /// Makes these bytes of a verified model current.
  func deploy(_ model: [UInt8]) throws -> Note {
    let now = try found()
    let slot = now?.slot.other ?? .a
    try replace(slot.fileName, with: model)
    guard try files.read(slot.fileName) == model else {
      throw ToolError("slot \(slot.rawValue) does not read back as it was written: the disk may be failing.")
    }
    return try point(at: slot, model, after: try now?.generation ?? note()?.generation ?? 0)
  }

  /// Makes the model before the current one current again.
  func rollBack() throws -> Note {
    guard let now = try current(), let bytes = try files.read(now.slot.other.fileName), isSound(bytes) else {
      throw ToolError("there is no earlier model to go back to.")
    }
    return try point(at: now.slot.other, bytes, after: now.generation)
  }

  private func point(at slot: Slot, _ model: [UInt8], after generation: Int) throws -> Note {
    let note = Note(
      slot: slot, generation: generation + 1, checksum: FowlerNollVoHash(model).value, byteCount: model.count)
    let line =
      "martlet-slots 1 \(slot.rawValue) \(note.generation) \(String(note.checksum, radix: 16)) \(model.count)\n"
    try replace(Self.noteName, with: Array(line.utf8))
    return note
  }

  /// Whole or not at all: beside, on the disk, renamed, on the disk.
  private func replace(_ name: String, with bytes: [UInt8]) throws {
    try files.write(bytes, to: Self.partName(name))
    try files.sync(Self.partName(name))
    try files.rename(Self.partName(name), to: name)
    try files.syncFolder()
  }

  private static func partName(_ name: String) -> String { name + ".part" }

  private func note() throws -> Note? {
    guard let bytes = try files.read(Self.noteName), bytes.count < 200 else { return nil }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 6, words[0] == "martlet-slots", words[1] == "1", let slot = Slot(rawValue: String(words[2])),
      let generation = Int(words[3]), let checksum = UInt64(words[4], radix: 16), let count = Int(words[5])
    else { return nil }
    return Note(slot: slot, generation: max(0, min(generation, Int.max - 1)), checksum: checksum, byteCount: count)
  }

  private func isSound(_ bytes: [UInt8]?) -> Bool {
    guard let bytes else { return false }
    return (try? ModelRunner.verifies(bytes)) != nil
  }
}

extension SlotStore where Files == FolderFiles {
  /// Changes the store while no other process does, after what killed ones left half-written is gone.
  func alone(_ change: (Self) throws -> Note) throws -> Note {
    try files.exclusively(removing: Self.partNames) { try change(self) }
  }
}

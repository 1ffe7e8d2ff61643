import ArgumentParser

/// Takes the words of a command line as the tool does, and does nothing of what they say.
/// - Returns: what the tool would print instead of doing it: a mistake, or the help that was asked for; nil: it would begin.
package func refusal(ofCommandLine words: [String]) -> String? {
  do {
    _ = try MartletCommand.parseAsRoot(words)
    return nil
  } catch {
    return MartletCommand.fullMessage(for: error)
  }
}

/// A slot store whose folder is memory, holding whatever files.
package final class SlotsInMemory: SlotFiles {
  private var contents: [String: [UInt8]]

  /// A folder of these files, by their names.
  package init(_ contents: [String: [UInt8]]) { self.contents = contents }

  /// The bytes of the model that the store takes for the current one; nil: it says that there is none.
  package func currentModel() -> [UInt8]? {
    guard let current = try? SlotStore(files: self).current() else { return nil }
    return contents[current.slot.fileName]
  }

  /// Deploys a model.
  /// - Returns: whether the store says that it did.
  package func deploy(_ model: [UInt8]) -> Bool { (try? SlotStore(files: self).deploy(model)) != nil }

  /// Goes back to the model before.
  /// - Returns: whether the store says that it did.
  package func rollBack() -> Bool { (try? SlotStore(files: self).rollBack()) != nil }

  func read(_ name: String) throws -> [UInt8]? { contents[name] }
  func write(_ bytes: [UInt8], to name: String) throws { contents[name] = bytes }
  func sync(_ name: String) throws {}
  func rename(_ name: String, to other: String) throws { contents[other] = contents.removeValue(forKey: name) }
  func syncFolder() throws {}
}

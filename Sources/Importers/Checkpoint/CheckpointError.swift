import Archives

/// Why a checkpoint could not be read: a sentence with the file, the reason and, where there is one, the remedy.
public struct CheckpointError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The sentence.
  public let description: String

  /// An error that says `description`.
  public init(_ description: String) { self.description = description }

  init(_ error: ArchiveError) { self.init(error.description) }
}

/// Why a head could not be trained, packed or used: one sentence with the file or layer, the reason and the remedy.
public struct FinetuneError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The whole sentence.
  public let description: String

  /// An error that says `description`.
  public init(_ description: String) { self.description = description }
}

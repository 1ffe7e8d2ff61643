/// Why a picture or a data set could not be read: one sentence with the file, the reason and, where there is one, the
/// remedy.
public struct DatasetError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The whole sentence.
  public let description: String

  /// An error that says `description`.
  public init(_ description: String) { self.description = description }
}

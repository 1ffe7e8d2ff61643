/// Why a picture or a data set could not be read: one sentence with the file, the reason and, where there is one, the
/// remedy.
public struct DatasetError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The whole sentence.
  public let description: String
  /// Whether there is only too little memory at this moment.
  public let lacksMemory: Bool

  /// An error that says `description`.
  public init(_ description: String, lacksMemory: Bool = false) {
    (self.description, self.lacksMemory) = (description, lacksMemory)
  }
}

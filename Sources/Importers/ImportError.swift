/// One thing in a network file that cannot be imported.
public struct ImportProblem: Sendable, Equatable {
  /// The node's name in the file, or that of its first output where it has none.
  public var node: String
  /// The operator as the file names it: "Conv".
  public var operation: String
  /// Why not.
  public var reason: String
  /// What the user can do.
  public var remedy: String

  /// A problem of one node.
  public init(node: String, operation: String, reason: String, remedy: String) {
    self.node = node
    self.operation = operation
    self.reason = reason
    self.remedy = remedy
  }
}

/// Why a network file could not be imported: one sentence for the file, then every problem that was found.
public struct ImportError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The file, as the caller named it.
  public var file: String
  /// What is wrong and what to do about it, as a sentence without the file's name.
  public var summary: String
  /// Every node that cannot be imported, in the file's order; empty when the file itself is at fault.
  public var problems: [ImportProblem]

  /// An error for a file.
  public init(file: String, summary: String, problems: [ImportProblem] = []) {
    self.file = file
    self.summary = summary
    self.problems = problems
  }

  /// The sentence, then one line a problem: node, operator, reason, remedy.
  public var description: String {
    let lines = problems.map { "\n  \($0.node) (\($0.operation)): \($0.reason). \($0.remedy)." }
    return "\(file): \(summary)" + lines.joined()
  }
}

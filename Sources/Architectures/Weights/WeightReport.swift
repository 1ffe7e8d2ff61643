import Graph

/// What became of a checkpoint's tensors.
public struct WeightReport: Sendable, CustomStringConvertible {
  /// A tensor that has the name but not the shape of a parameter.
  public struct Misshapen: Sendable, Equatable {
    /// Both have it.
    public var name: String
    /// In the checkpoint's layout.
    public var expected: [Int]
    /// The checkpoint's.
    public var found: [Int]
  }

  /// The network's name.
  public var network: String
  /// Parameters that were loaded, in execution order.
  public var loaded: [String] = []
  /// Parameters that the checkpoint lacks.
  public var missing: [String] = []
  /// Tensors that the network has no parameter for.
  public var unexpected: [String] = []
  /// Tensors of another shape than the parameter.
  public var misshapen: [Misshapen] = []

  init(network: String) { self.network = network }

  /// Whether every parameter was loaded and no tensor was left over.
  public var isComplete: Bool { missing.isEmpty && unexpected.isEmpty && misshapen.isEmpty }

  /// A line for each kind of difference, with the names.
  public var description: String {
    var lines = ["\(network): \(loaded.count) parameters loaded"]
    if !missing.isEmpty { lines.append("missing from the checkpoint: \(Self.list(missing))") }
    if !unexpected.isEmpty { lines.append("not in the network: \(Self.list(unexpected))") }
    if !misshapen.isEmpty {
      let text = misshapen.map { "\($0.name) is \($0.found) instead of \($0.expected)" }
      lines.append("of another shape: \(Self.list(text))")
    }
    return lines.joined(separator: "; ")
  }

  /// Refuses a checkpoint that does not fill the network.
  /// - Throws: `GraphError` that lists what is missing or of another shape, unless that is nothing. Tensors left over do
  ///   not matter.
  public func requireAllLoaded(from file: String) throws(GraphError) {
    guard !missing.isEmpty || !misshapen.isEmpty else { return }
    throw GraphError("\(file) does not fit the architecture: \(description).")
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(12).joined(separator: ", ")
    return names.count > 12 ? "\(shown) and \(names.count - 12) more" : shown
  }
}

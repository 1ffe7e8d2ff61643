import Martlet

/// The operators of one network as Swift source: only what is named there is linked.
enum OperatorSetSource {
  /// `public typealias NetworkOperators = Empty.And<Conv2D>…`, in the order of first use.
  static func text(_ model: borrowing Verified<Every>, file: String) -> String {
    var kinds: [String] = []
    for index in 0..<model.operatorCount {
      let kind = "\(model.kind(ofOperator: index))"
      if !kinds.contains(kind) { kinds.append(kind) }
    }
    let list = kinds.map { "\n  .And<\($0)>" }.joined()
    return """
      import Martlet

      /// The operators of \(file). A verifier and a session of this type refuse any other.
      typealias NetworkOperators = Empty\(list)

      """
  }
}

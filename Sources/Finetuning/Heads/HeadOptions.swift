/// Kinds of heads.
public enum HeadKind: String, CaseIterable, Sendable {
  /// Softmax regression.
  case softmax
  /// One hidden layer with ReLU, then softmax.
  case hidden
  /// A linear support vector machine for each class against the rest (hinge loss).
  case svm
  /// The direction of the mean of each class's examples: one example suffices.
  case imprint
  /// The nearest class mean.
  case mean
}

/// How a head is trained. The same options, features and seed give the same bytes.
public struct HeadOptions: Sendable {
  /// What is trained.
  public var kind: HeadKind
  /// Softmax and hidden: λ of ½ λ ‖weights‖², on features whose mean squared norm is 1; nil: 0.02 ÷ examples, at most
  /// 0.001; hidden 0.0001.
  public var regularization: Float?
  /// svm: what an example on the wrong side costs, on features whose mean squared norm is 1.
  public var cost: Float
  /// Units of the hidden layer.
  public var hiddenUnits: Int
  /// The most steps (softmax) or epochs (hidden, svm); nil: 1000, 60, 200.
  public var steps: Int?
  /// Whether each class counts the same, whatever the number of its examples.
  public var isBalanced: Bool
  /// Of the hidden layer's first weights and of the order of examples.
  public var seed: UInt64

  /// These options.
  public init(
    kind: HeadKind = .softmax, regularization: Float? = nil, cost: Float = 10, hiddenUnits: Int = 64, steps: Int? = nil,
    isBalanced: Bool = true, seed: UInt64 = 1
  ) {
    (self.kind, self.regularization, self.cost, self.hiddenUnits) = (kind, regularization, cost, hiddenUnits)
    (self.steps, self.isBalanced, self.seed) = (steps, isBalanced, seed)
  }
}

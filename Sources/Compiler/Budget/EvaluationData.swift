import Graph

/// Inputs on which a search measures how much a network lost, and what the right answers are.
public struct EvaluationData: Sendable {
  /// The inputs.
  public let inputs: CalibrationData
  /// The output that is right for each input; nil: the float network's answer is.
  public let labels: [Int]?

  /// As many labels as inputs, or none.
  public init(_ inputs: CalibrationData, labels: [Int]? = nil) {
    precondition(labels.map { $0.count == inputs.count } ?? true)
    self.inputs = inputs
    self.labels = labels
  }
}

/// How many answers a packed network has lost against the float network's.
public struct AccuracyDrop: Equatable, Sendable {
  /// Inputs answered.
  public var examples = 0
  /// Inputs that the float network answers rightly; without labels all.
  public var floatRight = 0
  /// Inputs that the packed network answers rightly; without labels, as the float network does.
  public var packedRight = 0
  /// Inputs that one of the two answers rightly and the other does not.
  public var differing = 0

  /// Percentage points lost; negative where more is right than in float.
  public var points: Double { examples == 0 ? 0 : 100 * Double(floatRight - packedRight) / Double(examples) }

  /// The standard error of `points` when the inputs are a random choice of many (McNemar's test has this variance).
  public var standardError: Double {
    guard examples > 0 else { return 0 }
    let (count, lost) = (Double(examples), Double(floatRight - packedRight))
    return 100 * max(0, Double(differing) - lost * lost / count).squareRoot() / count
  }

  /// The drop on both sets of inputs together.
  func adding(_ other: AccuracyDrop) -> AccuracyDrop {
    AccuracyDrop(
      examples: examples + other.examples, floatRight: floatRight + other.floatRight,
      packedRight: packedRight + other.packedRight, differing: differing + other.differing)
  }

  mutating func add(float: Bool, packed: Bool) {
    examples += 1
    floatRight += float ? 1 : 0
    packedRight += packed ? 1 : 0
    differing += float != packed ? 1 : 0
  }
}

/// What the float network answers, and which answers are right.
struct FloatAnswers {
  /// The first output for each input.
  let outputs: [[Float]]
  /// The class that is right for each input.
  let wanted: [Int]
  /// Whether labels say so.
  let areLabelled: Bool

  /// - Throws: `GraphError` when the first output has not one score a class; what the inputs throw.
  init(_ graph: Graph, on data: EvaluationData, workers: Workers, progress: (Double) -> Void) throws {
    let evaluator = Evaluator(graph, workers: workers)
    var outputs: [[Float]] = []
    var wanted: [Int] = []
    for example in 0..<data.inputs.count {
      let output = try evaluator.run(data.inputs.inputs(example))[0]
      guard output.scoresClasses else {
        throw GraphError(
          "\(graph.name): its first output of shape \(output.shape) is not one score a class, so that no drop of accuracy "
            + "can be measured; choose layers by name")
      }
      outputs.append(output.values)
      wanted.append(data.labels?[example] ?? output.indexOfLargest)
      progress(Double(example + 1) / Double(data.inputs.count))
    }
    (self.outputs, self.wanted, areLabelled) = (outputs, wanted, data.labels != nil)
  }

  /// Whether scores for an input are right.
  func isRight(_ scores: [Float], _ example: Int) -> Bool {
    Tensor(shape: [scores.count], values: scores).indexOfLargest == wanted[example]
  }
}

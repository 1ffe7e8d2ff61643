import Compiler
import Datasets
import Graph

/// `--max-drop` and `--int4-layers auto`: the cheapest widths that keep within a budget.
extension Convert {
  /// What the search may cost; nil: widths are given.
  func widthBudget(
    _ graph: Graph, _ calibration: CalibrationData, _ rules: Preprocessing?, labels: [String]
  ) throws -> WidthBudget? {
    if let maxDrop, let data {
      return .drop(points: maxDrop, try evaluationData(data, graph: graph, preprocessing: rules, labels: labels))
    }
    return int4Layers == ["auto"] ? .noise(decibels: Self.automaticDecibels, calibration) : nil
  }

  /// What `--int4-layers auto` may cost: the noise of eight bits, once more.
  static var automaticDecibels: Double { 3 }

  /// Inputs that a search looks at: memory grows with them.
  private static var mostInputs: Int { 1000 }

  /// A labelled data set's inputs, or an unlabelled one's, spread evenly over it where there are many.
  private func evaluationData(
    _ path: String, graph: Graph, preprocessing: Preprocessing?, labels: [String]
  ) throws -> EvaluationData {
    let inputs = try calibrationData(
      path, graph: graph, preprocessing: preprocessing, limit: Self.mostInputs, split: .test)
    let dataset = try Dataset.open(path)
    guard dataset.isLabelled, let output = graph.outputs.first, let classes = graph[output].shape.last else {
      note("\(path) has no labels: answers are compared with the float network's")
      return EvaluationData(inputs)
    }
    let mapping = try ClassMapping(dataset, labels: labels, outputCount: classes)
    let wanted = (0..<inputs.count).compactMap { index in
      dataset.label(index * dataset.count / inputs.count).map(mapping.output(ofLabel:))
    }
    return EvaluationData(inputs, labels: wanted.count == inputs.count ? wanted : nil)
  }
}

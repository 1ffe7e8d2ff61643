import Graph
import Martlet

extension ChosenQuantizations {
  /// Quantizations for a network whose input may be made by preprocessing: then the input's range is that of its pixel
  /// values, and the pixel table in `metadata` is filled.
  /// - Throws: `GraphError` when the preprocessing does not fit the network.
  init(
    _ graph: Graph, _ statistics: CalibrationStatistics, _ options: CompileOptions, _ int16: Int16Values?,
    _ metadata: inout ModelMetadata
  ) throws(GraphError) {
    guard let input = graph.inputs.first else {
      throw GraphError("\(graph.name): the network has no input")
    }
    guard var preprocessing = options.preprocessing else {
      self.init(graph, statistics, method: options.calibrationMethod, int16: int16)
      return
    }
    try preprocessing.adapt(toInput: RuntimeShape(graph[input].shape, graph[input].name))
    self.init(
      graph, statistics, method: options.calibrationMethod, inputRange: preprocessing.range,
      int16: int16)
    if let rule = self[input] { preprocessing.fillPixelTable(rule) }
    metadata.preprocessing = preprocessing
  }
}

import Compiler
import Graph
import Importers

/// Multiply-accumulates, and values of all activations, up to which an imported network is run.
private let runnableMACs = 1_000_000
private let runnableValues = 1_000_000

/// Imports a network by its name's extension, and takes what was imported through cleaning, packing and one run of an
/// int8 network, or one evaluation of a float one.
func fuzzNetwork(_ bytes: [UInt8], name: String) -> FuzzTarget.Outcome {
  var graph: Graph
  do throws(ImportError) {
    graph =
      name.hasSuffix(".tflite")
      ? try TFLiteImporter.read(bytes, name: name).graph : try ONNXImporter.read(bytes, name: name).graph
  } catch {
    precondition(!error.description.isEmpty)
    return .refused
  }
  do {
    let values = graph.values.reduce(0) { $0 + ($1.constant == nil ? $1.shape.reduce(1, *) : 0) }
    guard graph.macs <= runnableMACs && values <= runnableValues else { return .accepted }
    if graph.isQuantized {
      let runner = try ModelRunner(try compileQuantized(graph).bytes)
      _ = try runner.run(graph.inputs.map { Tensor(shape: graph[$0].shape, repeating: 0) })
    } else {
      try simplify(&graph)
      _ = try Evaluator(graph).run(graph.inputs.map { Tensor(shape: graph[$0].shape, repeating: 0.5) })
    }
  } catch {
    return .refusedLater
  }
  return .accepted
}

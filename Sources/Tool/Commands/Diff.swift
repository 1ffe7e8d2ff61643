import Archives
import ArgumentParser
import Compiler
import Foundation
import Graph

/// `martlet diff MODEL VALUES.npz…`.
struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares every layer's quantized values with another program's, one by one.",
    discussion: """
      VALUES.npz holds an array for each tensor of the other program, under the tensor's name, with the inputs, each with
      the examples stacked: N×H×W×C. Layers are compared twice: in a run of the whole network (accumulated), and each
      given the other program's inputs (isolated). A float network is evaluated in float and compared at its outputs.
      Example: martlet diff network.tflite values.npz
      tools/compare-litert makes such files with LiteRT or TFLite Micro.
      """)

  @Argument(help: "A packed model, an int8 network (.tflite), or a float network.", completion: .file())
  var model: String

  @Argument(help: "Archives of arrays (.npz); their examples are counted together.", completion: .file())
  var values: [String]

  @OptionGroup var source: FloatSourceOptions
  @OptionGroup var output: OutputOptions

  private struct Layer: Encodable {
    let tensor: String
    let kind: String
    let values: Int
    let differing: Int
    let largestStep: Int
    let isolatedDiffering: Int
    let isolatedLargestStep: Int
  }

  private struct Result: Encodable {
    let examples: Int
    /// Of the quantized outputs.
    let values: Int
    let differing: Int
    let largestStep: Int
    /// Of a float network: the largest |difference| ÷ the largest |value| of its outputs.
    let relativeDifference: Float?
    let layers: [Layer]
  }

  func run() throws {
    let result: Result
    if MappedFile.isPackedModel(model) {
      result = try compareQuantized(try MappedFile(model).copy())
    } else {
      let graph = try source.load(model)
      result = graph.isQuantized ? try compareQuantized(try compileQuantized(graph).bytes) : try compareFloats(graph)
    }
    try output.emit(result) { show(result) }
  }

  private func compareQuantized(_ bytes: [UInt8]) throws -> Result {
    var comparison = try ValueComparison(bytes)
    let progress = Progress("comparing")
    for (number, file) in values.enumerated() {
      let arrays = try ReferenceArrays(file)
      let count = try arrays.examples(inputs: comparison.inputNames, sizes: comparison.inputSizes)
      for example in 0..<count {
        let inputs = try comparison.inputNames.map { try arrays.integers($0, example, of: count) }
        var expected: [String: [Int32]] = [:]
        for name in arrays.integerNames { expected[name] = try arrays.integers(name, example, of: count) }
        try comparison.add(inputs: inputs, expected: expected)
        progress.update(number * count + example + 1, of: values.count * count)
      }
    }
    progress.finish()
    return Result(
      examples: comparison.examples, values: comparison.outputs.values, differing: comparison.outputs.differing,
      largestStep: comparison.outputs.largestStep, relativeDifference: nil,
      layers: comparison.layers.map {
        Layer(
          tensor: $0.tensor, kind: $0.kind, values: $0.accumulated.values, differing: $0.accumulated.differing,
          largestStep: $0.accumulated.largestStep, isolatedDiffering: $0.isolated.differing,
          isolatedLargestStep: $0.isolated.largestStep)
      })
  }

  private func compareFloats(_ graph: Graph) throws -> Result {
    let evaluator = Evaluator(graph)
    var (examples, largest, difference): (Int, Float, Float) = (0, 0, 0)
    let sizes = graph.inputs.map { graph[$0].shape.reduce(1, *) }
    for file in values {
      let arrays = try ReferenceArrays(file)
      let count = try arrays.examples(inputs: graph.inputs.map { graph[$0].name }, sizes: sizes)
      for example in 0..<count {
        let inputs = try graph.inputs.map {
          Tensor(shape: graph[$0].shape, values: try arrays.floats(graph[$0].name, example, of: count))
        }
        for (id, found) in zip(graph.outputs, try evaluator.run(inputs)) {
          let wanted = try arrays.floats(graph[id].name, example, of: count)
          guard wanted.count == found.count else { throw ToolError.size(found.shape, wanted.count, file) }
          for (one, other) in zip(found.values, wanted) {
            largest = max(largest, abs(other))
            difference = max(difference, abs(one - other))
          }
        }
        examples += 1
      }
    }
    return Result(
      examples: examples, values: 0, differing: 0, largestStep: 0,
      relativeDifference: difference / max(largest, .leastNormalMagnitude), layers: [])
  }

  private func show(_ result: Result) {
    if let relative = result.relativeDifference {
      print("outputs differ by at most \(Double(relative)) of the largest value, over \(result.examples) examples")
      return
    }
    var table = Table("values", "differ", "by at most", "isolated", "by at most", "kind", "output")
    for layer in result.layers {
      table.add(
        "\(layer.values)", "\(layer.differing)", "\(layer.largestStep)", "\(layer.isolatedDiffering)",
        "\(layer.isolatedLargestStep)", layer.kind, layer.tensor)
    }
    table.print()
    print(
      "\noutputs: \(result.differing) of \(result.values) values differ, by at most \(result.largestStep), "
        + "over \(result.examples) examples")
  }
}

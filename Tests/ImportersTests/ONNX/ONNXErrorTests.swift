import Foundation
import Graph
import Testing

@testable import Importers

/// What bad input gets: a sentence, and every problem at once.
@Suite struct ONNXErrorTests {
  @Test func listsEveryUnsupportedNode() throws {
    var model = ModelSpecification(input: [1, 2, 4, 4])
    model.initializers = [.floats("w", [2, 2, 1, 1], [1, 0, 0, 1])]
    model.node("Einsum", ["x"], ["a"], name: "first")
    model.node("Conv", ["x", "w"], ["b"], [.integers("strides", [0, 1])], name: "second")
    model.node("Gelu", ["b"], ["c"], name: "third", domain: "com.microsoft")
    model.node("LSTM", ["x"], ["d"])
    model.node("Add", ["a", "c"], ["e"])
    model.node("Add", ["e", "d"], ["y"])
    let error = try #require(importError(model.encoded))
    #expect(error.problems.map(\.node) == ["first", "second", "third", "d"])
    #expect(error.problems.map(\.operation) == ["Einsum", "Conv", "Gelu", "LSTM"])
    #expect(error.problems.allSatisfy { !$0.reason.isEmpty && !$0.remedy.isEmpty })
    #expect(error.description.contains("test.onnx: 4 nodes cannot be imported"))
    #expect(error.problems[1].reason.contains("strides"))
  }

  @Test func namesTheDimensionThatIsOpen() throws {
    var model = ModelSpecification(input: ["n", 3, "height", 4])
    model.node("Relu", ["x"], ["y"])
    let error = try #require(importError(model.encoded))
    #expect(error.summary.contains("Dimension 2 of the input 'x' is 'height'"))
    let network = try imported(model, shapes: ["x": [1, 3, 5, 4]])
    #expect(network.graph[network.graph.inputs[0]].shape == [1, 5, 4, 3])
    var options = ONNXImporter.Options()
    options.inputShapes = ["z": [1]]
    #expect(try #require(importError(model.encoded, options: options)).summary.contains("no input 'z'"))
  }

  @Test func refusesABatch() throws {
    var model = ModelSpecification(input: [8, 3, 4, 4])
    model.node("Relu", ["x"], ["y"])
    #expect(try #require(importError(model.encoded)).summary.contains("batch of 8"))
    #expect(try imported(model, shapes: ["x": [1, 3, 4, 4]]).inputs[0].graphShape == [1, 4, 4, 3])
  }

  @Test(arguments: [6, 27, 0, -1])
  func refusesOtherOperatorSets(_ version: Int) throws {
    var model = ModelSpecification(operatorSet: version, input: [1, 3])
    model.node("Relu", ["x"], ["y"])
    #expect(try #require(importError(model.encoded)).summary.contains("operator set \(version)"))
  }

  @Test(
    arguments: [
      ([], "empty"), (Array("import onnx\nprint('hello, this is a Python file')\n".utf8), "text file"),
      ([0x50, 0x4b, 3, 4, 0], "zip archive"), ([0x1c, 0, 0, 0, 0x54, 0x46, 0x4c, 0x33, 0], "TFLite"),
      (Array("version https://git-lfs.github.com/spec/v1".utf8), "Git LFS"), ([0x08, 0x08], "no network"),
      ([0xff, 0xd8, 0xff, 0xe0, 0, 0x10], "not an ONNX model"),
    ] as [([UInt8], String)])
  func recognizesOtherFiles(_ bytes: [UInt8], _ sentence: String) throws {
    #expect(try #require(importError(bytes)).summary.contains(sentence))
  }

  @Test func namesAMissingFile() {
    do throws(ImportError) {
      _ = try ONNXImporter.read("/nowhere/model.onnx")
      Issue.record("a missing file was read")
    } catch {
      #expect(error.description.contains("/nowhere/model.onnx"))
    }
  }

  /// Nodes in the wrong order, and in a circle.
  @Test func refusesValuesThatNothingComputes() throws {
    var unsorted = ModelSpecification(input: [1, 3])
    unsorted.node("Relu", ["a"], ["y"])
    unsorted.node("Relu", ["x"], ["a"])
    #expect(try #require(importError(unsorted.encoded)).description.contains("depends on an input"))
    var circle = ModelSpecification(input: [1, 3])
    circle.node("Add", ["x", "b"], ["a"])
    circle.node("Relu", ["a"], ["b"])
    circle.node("Relu", ["b"], ["y"])
    #expect(try #require(importError(circle.encoded)).problems[0].reason.contains("'b'"))
    var twice = ModelSpecification(input: [1, 3])
    twice.node("Relu", ["x"], ["y"])
    twice.node("Tanh", ["x"], ["y"])
    #expect(try #require(importError(twice.encoded)).problems[0].reason.contains("twice"))
  }

  /// A small file that asks for a lot of memory.
  @Test(arguments: ["ConstantOfShape", "Range", "Expand"])
  func refusesConstantsLargerThanTheFile(_ operation: String) throws {
    var model = ModelSpecification(input: [1, 4])
    model.initializers = [
      .integers("s", [1 << 15, 1 << 15]), .integers("zero", [0], shape: []), .integers("one", [1], shape: []),
      .integers("many", [1 << 35], shape: []),
    ]
    switch operation {
    case "Range": model.node(operation, ["zero", "many", "one"], ["c"])
    case "Expand": model.node(operation, ["one", "s"], ["c"])
    default: model.node(operation, ["s"], ["c"])
    }
    model.node("Add", ["x", "c"], ["y"])
    #expect(try #require(importError(model.encoded)).description.contains("larger than the file"))
  }

  @Test func refusesAHugeActivation() throws {
    var model = ModelSpecification(input: [1, 1, 16000, 16000])
    model.initializers = [.integers("p", [0, 0, 60000, 60000, 0, 0, 60000, 60000])]
    model.node("Pad", ["x", "p"], ["y"])
    let problem = try #require(importError(model.encoded)?.problems.first)
    #expect(problem.reason.contains("too large"))
  }

  @Test func everyOperatorIsListed() {
    #expect(ONNXImporter.supportedOperators.contains("Conv"))
    #expect(ONNXImporter.supportedOperators == ONNXImporter.supportedOperators.sorted())
    for (name, entry) in operatorTable where entry.network == nil { #expect(entry.constants != nil, "\(name)") }
  }
}

import Foundation
import Graph
import Martlet
import Testing

@testable import Compiler

struct PackTests {
  private func compiled(_ options: CompileOptions) throws -> ModelRunner {
    var network = TestNetwork(1)
    let x = network.input([1, 4, 6, 3])
    network.graph.labels = ["from the graph"]
    network.graph.outputs = [try network.conv(x, to: 5)]
    return try ModelRunner(try compile(network.graph, calibration: network.examples(2), options: options).bytes)
  }

  @Test func pixelTableIsNormalizationAndQuantization() throws {
    var options = CompileOptions()
    var preprocessing = PreprocessingRecord()
    preprocessing.mean = [123.675, 116.28, 103.53]
    preprocessing.standardDeviation = [58.395, 57.12, 57.375]
    options.preprocessing = preprocessing
    let runner = try compiled(options)
    let stored = runner.model.preprocessing
    let record = try #require(stored)
    #expect(record.height == 4 && record.width == 6 && record.channels == 3)
    let input = runner.model.tensor(runner.model.inputTensor(0))
    let rule = Quantization(scale: input.scale, zeroPoint: input.zeroPoint)
    for channel in 0..<3 {
      for pixel in 0..<256 {
        let real = (Float(pixel) - preprocessing.mean[channel]) / preprocessing.standardDeviation[channel]
        #expect(record.pixelTable[channel * 256 + pixel] == UInt8(Int(rule.quantize(real)) + 128))
        // The range is that of all pixels: nothing saturates.
        #expect(abs(rule.real(rule.quantize(real)) - real) <= rule.scale * 0.51)
      }
    }
  }

  @Test func preprocessingOfAnotherSizeIsRefused() {
    var options = CompileOptions()
    var preprocessing = PreprocessingRecord()
    preprocessing.height = 7
    options.preprocessing = preprocessing
    #expect(throws: GraphError.self) { _ = try compiled(options) }
    preprocessing.height = 0
    preprocessing.standardDeviation[1] = 0
    options.preprocessing = preprocessing
    #expect(throws: GraphError.self) { _ = try compiled(options) }
  }

  @Test func labelsAndProvenanceAreLines() throws {
    var options = CompileOptions()
    options.labels = ["cat", "dog\nand more", "Zürich"]
    options.provenance = [("source", "a.onnx")]
    let runner = try compiled(options)
    #expect(text(runner.model.labels) == "cat\ndog and more\nZürich\n")
    let provenance = text(runner.model.provenance)
    #expect(provenance.hasPrefix("source: a.onnx\n"))
    #expect(provenance.contains("calibration method: mse\n"))
    #expect(provenance.contains("calibration examples: 2\n"))
    #expect(text(try compiled(CompileOptions()).model.labels) == "from the graph\n")
  }

  @Test func longNamesAreCutBetweenCharacters() {
    var writer = TextWriter()
    let extent = writer.append(String(repeating: "ü", count: 200))
    #expect(extent.bytes == 254)
    #expect(writer.append("a") == writer.append("a"))
    #expect(writer.append("") == Extent())
  }

  private func text(_ text: Text) -> String { text.withBytes { String(decoding: $0, as: UTF8.self) } }
}

import Architectures
import Foundation
import Graph
import Importers
import Testing

/// The published EfficientNet-Lite0 weights, where `tools/fetch-demo-data` has put them: in the folder that
/// MARTLET_DEMO_DATA names, or in `.demo`.
private let weightsPath: String = {
  let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized
  let folder = ProcessInfo.processInfo.environment["MARTLET_DEMO_DATA"] ?? root.appendingPathComponent(".demo").path
  return "\(folder)/efficientnet-lite0.pth"
}()

@Suite struct PublishedWeightsTests {
  @Test(
    "EfficientNet-Lite0 with its published weights gives the logits that ONNX Runtime gives for their ONNX export",
    .enabled(if: FileManager.default.fileExists(atPath: weightsPath), "needs tools/fetch-demo-data .demo"))
  func efficientNetLite0() throws {
    var graph = try Architectures.named("EfficientNet-Lite0").build()
    let report = graph.loadWeights(try Checkpoint(contentsOf: weightsPath).tensors)
    #expect(report.isComplete, "\(report)")
    let pixels: [Float] = (0..<224 * 224 * 3).map { (position: Int) -> Float in (Float(position * 37 % 256) - 127) / 128
    }
    let logits = try graph.evaluate(inputs: [Tensor(shape: [1, 224, 224, 3], values: pixels)])[0].values
    let expected: [(index: Int, logit: Float)] = [
      (0, -0.84039515), (1, 0.7512344), (2, -0.28214902), (281, 0.25456387), (904, 6.567655), (999, 1.8518248),
    ]
    for (index, logit) in expected {
      #expect(abs(logits[index] - logit) < 1e-4 * 6.567655, "logit \(index)")
    }
    #expect(logits.max() == logits[904])
  }
}

import Architectures
import Compiler
import Foundation
import Graph
import Testing
import Training

/// Every layer of Documentation/Layers.md learns, and runs in int8 where the table says so.
@Suite struct LayerTests {
  /// Three classes of noisy pictures, each around a picture of its own.
  private struct Pictures {
    private var random = SplitMix64(seed: 5)
    private var centers: [[Float]] = []

    init() {
      for _ in 0..<3 {
        // Another colour on the whole, too, for what looks at the whole alone.
        let colour = (0..<4).map { _ in number() }
        centers.append((0..<576).map { number() + colour[$0 % 4] })
      }
    }

    private mutating func number() -> Float { Float(random.below(2001)) / 1000 - 1 }

    mutating func batch(_ count: Int) -> (images: Tensor, labels: [Int]) {
      let labels = (0..<count).map { $0 % 3 }
      let values = labels.flatMap { label in centers[label].map { $0 + number() / 2 } }
      return (Tensor(shape: [count, 12, 12, 4], values: values), labels)
    }
  }

  @Test(arguments: LayerCase.all) func learnsAndRunsInInt8(_ item: LayerCase) throws {
    var pictures = Pictures()
    var trainer = try Trainer(
      LayerNetwork(item).graph, batchSize: 9, isFixed: Parameter.isFixed, optimizer: { Adam(parameters: $0) })
    let before = trainer.network
    var losses: [Double] = []
    for step in 0..<24 {
      let (images, labels) = pictures.batch(9)
      trainer.randomSeed = UInt64(step)
      losses.append(try trainer.step(images, labels: labels, rate: 0.01).loss)
    }
    let last = losses.suffix(4).reduce(0, +) / 4
    #expect(last < losses[0] / 2, "\(item.name): losses \(losses)")
    let network = trainer.network
    for parameter in before.parameters where parameter.role != .statistic && !Parameter.isFixed(parameter.name) {
      guard parameter.name != "source" else { continue }
      let (old, new) = (before[parameter.id].constant, network[parameter.id].constant)
      #expect(old != new, "\(item.name): \(parameter.name) did not change")
    }
    let (images, labels) = pictures.batch(12)
    let inputs = (0..<12).map { index in
      Tensor(shape: [1, 12, 12, 4], values: Array(images.values[index * 576..<(index + 1) * 576]))
    }
    let evaluator = Evaluator(network)
    for (input, label) in zip(inputs, labels) {
      let logits = try evaluator.run([input])[0].values
      #expect(logits.indices.max { logits[$0] < logits[$1] } == label, "\(item.name) does not know its pictures")
    }
    var options = CompileOptions()
    options.roundsByCovariance = false
    options.arena = .wholeTensors
    guard !item.isForTrainingAlone else {
      let error = #expect(throws: GraphError.self) {
        try compile(network, calibration: CalibrationData(inputs), options: options)
      }
      #expect(error?.description.contains("int8") == true)
      return
    }
    let agreement = try compile(network, calibration: CalibrationData(inputs), options: options)
      .report.agreement
    #expect(agreement.signalToNoiseDecibels > 20 && agreement.top1 == 1, "\(item.name): \(agreement)")
  }

  /// The table has these layers and no others.
  @Test func tableIsComplete() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Documentation/Layers.md")
    let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| ") }
    #expect(rows.dropFirst().map(String.init) == LayerCase.all.map(\.row))
  }
}

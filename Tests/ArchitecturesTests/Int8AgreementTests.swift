import Architectures
import Compiler
import Graph
import Testing

/// Networks with random weights, small enough for a test, converted and run in int8 beside their float selves. The large
/// ones, and all of them at full size: `tools/architecture-table`.
@Suite struct Int8AgreementTests {
  /// An architecture, the side of its image and its width.
  struct Case: Sendable, CustomTestStringConvertible {
    let architecture: any Architecture
    let side: Int
    let width: Double

    init(_ architecture: any Architecture, _ side: Int, _ width: Double) {
      (self.architecture, self.side, self.width) = (architecture, side, width)
    }

    var testDescription: String { architecture.name }
  }

  static let cases = [
    Case(LeNet5(), 28, 1), Case(AlexNet(.grouped, normalizesResponses: true), 67, 0.03),
    Case(VGG(11, isNormalized: true), 32, 0.0625), Case(NiN(.cifar), 32, 0.25), Case(GoogLeNet(.original), 64, 0.125),
    Case(SqueezeNet(.second, bypass: .complex), 64, 0.25), Case(ResNetCIFAR(depth: 8), 32, 1),
    Case(ResNet(18), 32, 0.125),
    Case(ResNet(50, .grouped(groups: 4, groupWidth: 4)), 32, 0.0625), Case(ResNet(18, .excited), 32, 0.125),
    Case(PreActivationResNet(18, .imagenet), 32, 0.125), Case(DarkNet19(), 32, 0.0625),
    Case(MobileNetV1(width: 0.25), 32, 1), Case(MobileNetV2(width: 0.35), 32, 0.25),
    Case(MobileNetV3(.small), 32, 0.25),
    Case(ShuffleNetV1(groups: 3), 32, 0.25), Case(ShuffleNetV2(width: 0.5), 32, 0.5),
    Case(EfficientNetLite(.lite0), 32, 0.25), Case(EfficientNet(0), 32, 0.25),
    Case(BNInception(isExcited: true), 64, 0.125),
    Case(EEGNet(), 64, 1), Case(ECGNet(), 14, 1),
    Case(MLPerfTiny(.imageClassification), 32, 1), Case(MLPerfTiny(.keywordSpotting), 24, 1),
    Case(MLPerfTiny(.anomalyDetection), 1, 1),
  ]

  @Test("runs in int8 and agrees with its float self", arguments: cases)
  func agrees(_ item: Case) throws {
    let architecture = item.architecture
    var graph = try architecture.build(
      ArchitectureOptions(inputSize: Size2D(item.side, item.side), classes: 10, width: item.width, seed: 1))
    let inputs = architecture.randomInputs(4, shape: graph[graph.inputs[0]].shape, seed: 2)
    try graph.measureStatistics(on: inputs)
    var options = CompileOptions()
    options.roundsByCovariance = false
    options.arena = .wholeTensors
    let compiled = try compile(graph, calibration: CalibrationData(inputs), options: options)
    let agreement = compiled.report.agreement
    #expect(agreement.signalToNoiseDecibels > 15, "\(agreement)")
    #expect(agreement.examples == inputs.count)
  }
}

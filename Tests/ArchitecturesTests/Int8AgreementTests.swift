import Architectures
import Compiler
import Graph
import Testing

/// Networks with random weights, small enough for a test, converted and run in int8 beside their float selves. All of them
/// at full size: `tools/architecture-table`.
@Suite struct Int8AgreementTests {
  @Test(
    "runs in int8 and agrees with its float self",
    arguments: [
      ("LeNet-5", 28), ("AlexNet-Grouped-LRN", 67), ("VGG-11-BN", 32), ("NiN-CIFAR", 32), ("GoogLeNet", 64),
      ("SqueezeNet-1.1-ComplexBypass", 64), ("ResNet8-CIFAR", 32), ("ResNet-18", 64), ("ResNeXt-50-32x4d", 64),
      ("SE-ResNet-18", 64), ("PreActResNet-18", 64), ("DarkNet-19", 64), ("MobileNetV1-0.25", 64),
      ("MobileNetV2-0.35", 64), ("MobileNetV3-Small", 64), ("ShuffleNet-g3", 64), ("ShuffleNetV2-0.5", 64),
      ("MLPerfTiny-ResNet-8", 32), ("MLPerfTiny-DS-CNN", 24), ("MLPerfTiny-Autoencoder", 1),
    ])
  func agrees(name: String, size: Int) throws {
    let architecture = try Architectures.named(name)
    var graph = try architecture.build(
      ArchitectureOptions(inputSize: Size2D(size, size), classes: 10, width: 0.25, seed: 1))
    let clock = ContinuousClock()
    let start = clock.now
    let inputs = architecture.randomInputs(8, shape: graph[graph.inputs[0]].shape, seed: 2)
    try graph.measureStatistics(on: inputs)
    let t1 = clock.now
    var options = CompileOptions()
    options.roundsByCovariance = false
    options.arena = .wholeTensors
    let compiled = try compile(graph, calibration: CalibrationData(inputs), options: options)
    let agreement = compiled.report.agreement
    print("RESULT", name, agreement.signalToNoiseDecibels, agreement.top1 ?? -1, t1 - start, clock.now - t1)
    #expect(agreement.signalToNoiseDecibels > 15)
  }
}

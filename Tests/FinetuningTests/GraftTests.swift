import Compiler
import Finetuning
import Graph
import Martlet
import Testing

/// A packed network keeps its bytes up to the features, wherever they are cut off.
@Suite struct GraftTests {
  /// What each tensor of the whole network holds right after it was computed.
  private func tensors(of file: [UInt8], _ pixels: [UInt8]) throws -> [String: [Int8]] {
    let runner = try ModelRunner(file)
    let input = Tensor(shape: [1, 16, 16, 3], values: pixels.map { (Float($0) - 127) / 127 })
    var whole: [Int: [Int32]] = [:]
    _ = try runner.run([input]) { computed in
      let record = runner.model.tensor(computed.tensor)
      let values = runner.values(computed)
      whole[computed.tensor, default: [Int32](repeating: 0, count: record.count)]
        .replaceSubrange(computed.places, with: values)
    }
    var named: [String: [Int8]] = [:]
    for (index, values) in whole {
      named[String(runner.model.name(runner.model.tensor(index).name))] = values.map { Int8($0) }
    }
    return named
  }

  @Test(arguments: [false, true])
  func everyLayersOutputIsThatOfTheWholeNetwork(isConvolutional: Bool) throws {
    var random = SplitMix64(seed: 4)
    for (goal, pushes) in [(ArenaGoal.automatic, false), (.smallest, false), (.smallest, true)] {
      let backbone = try TestBackbone(isConvolutional: isConvolutional, arena: goal, pushesInput: pushes)
      let pixels = random.pixels(ofClass: 1)
      let expected = try tensors(of: backbone.bytes, pixels)
      #expect(expected.count >= 5)
      for (name, values) in expected {
        let point = try FeaturePoint.named(name, in: backbone.bytes)
        let extractor = try FeatureExtractor(graft(nil, onto: backbone.bytes, at: point.tensor))
        #expect(try extractor.features(.pixels(pixels)) == values, "\(name), \(goal)")
      }
    }
  }

  @Test func theClassifiersInputIsFound() throws {
    let plain = try FeaturePoint.classifierInput(of: TestBackbone().bytes)
    #expect(plain.channels == 24 && !plain.isPooled)
    let convolutional = try FeaturePoint.classifierInput(of: TestBackbone(isConvolutional: true).bytes)
    #expect(convolutional.channels == 24 && convolutional.isPooled)
    let headless = try graft(
      nil, onto: TestBackbone().bytes, at: FeaturePoint.named("left", in: TestBackbone().bytes).tensor)
    #expect(throws: FinetuneError.self) { try FeaturePoint.named("nothing", in: headless) }
  }

  @Test func whatIsDroppedNoLongerCounts() throws {
    let backbone = try TestBackbone()
    let point = try FeaturePoint.classifierInput(of: backbone.bytes)
    let cut = try ModelRunner(graft(nil, onto: backbone.bytes, at: point.tensor))
    let whole = try ModelRunner(backbone.bytes)
    #expect(whole.model.header.macs - cut.model.header.macs == 4 * 24)
    #expect(whole.model.header.parameters - cut.model.header.parameters == 4 * 25)
    #expect(cut.model.operatorCount == whole.model.operatorCount - 2)
    #expect(cut.model.arenaBytes <= whole.model.arenaBytes)
  }

  @Test func otherShapesAreRefused() throws {
    let backbone = try TestBackbone()
    let point = try FeaturePoint.classifierInput(of: backbone.bytes)
    var head = Graph(name: "head")
    let input = head.addInput("input", shape: [1, 1, 1, 23])
    head[input].quantization = point.quantization
    head.outputs = [try head.append(Softmax(), [input], name: "softmax")[0]]
    head[head.outputs[0]].quantization = Quantization(scale: 1 / 256, zeroPoint: -128)
    #expect(throws: GraphError.self) { try graft(head, onto: backbone.bytes, at: point.tensor) }
    #expect(throws: GraphError.self) { try graft(nil, onto: backbone.bytes, at: 1000) }
    #expect(throws: GraphError.self) { try graft(nil, onto: Array(backbone.bytes.dropLast(64)), at: point.tensor) }
  }
}

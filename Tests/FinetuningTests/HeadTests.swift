import Compiler
import Finetuning
import Graph
import Martlet
import Testing

/// Every kind of head learns, and the packed model decides as it does.
@Suite struct HeadTests {
  @Test(arguments: HeadKind.allCases)
  func learnsClustersThatAreApart(kind: HeadKind) throws {
    let training = FeatureSet.clusters(classes: 3, perClass: [12, 12, 12])
    let test = FeatureSet.clusters(classes: 3, perClass: [52, 52, 52]).subset(Array(36..<156))
    let head = try trainHead(on: training, options: HeadOptions(kind: kind, hiddenUnits: 8))
    let accuracy = Confusion(try head.scores(of: test), labels: test.labels, classNames: test.classNames).accuracy
    #expect(accuracy == 1, "\(kind): \(accuracy)")
    let again = try trainHead(on: training, options: HeadOptions(kind: kind, hiddenUnits: 8))
    #expect(try head.patch(place(training)) == again.patch(place(training)))
  }

  /// Real pictures through a whole packed model.
  @Test(arguments: HeadKind.allCases)
  func thePackedModelScoresAsThePatch(kind: HeadKind) throws {
    for isConvolutional in [false, true] {
      let backbone = try TestBackbone(isConvolutional: isConvolutional)
      let (set, pictures, point) = try features(backbone)
      let head = try trainHead(on: set, options: HeadOptions(kind: kind, hiddenUnits: 6))
      let patch = try HeadFile(head.patch(HeadPlace(file: backbone.bytes, point: point, classNames: set.classNames)))
      #expect(patch.labels == set.classNames)
      let merged = try patch.merged(into: backbone.bytes)
      let scores = try patch.scores((0..<set.count).map { Array(set.example($0)) })
      let whole = try ModelRunner(merged)
      #expect(String(whole.model.labels) == "left\nright\nmiddle\n")
      let scoring = try FeaturePoint.named("head", in: merged)
      let runner = try FeatureExtractor(graft(nil, onto: merged, at: scoring.tensor))
      for (pixels, expected) in zip(pictures, scores) {
        #expect(try runner.features(.pixels(pixels)) == expected)
      }
    }
  }

  @Test func roundingCostsLittle() throws {
    let training = FeatureSet.clusters(classes: 4, perClass: [20, 20, 20, 20], noise: 60)
    let test = FeatureSet.clusters(classes: 4, perClass: [80, 80, 80, 80], noise: 60).subset(Array(80..<320))
    for kind in HeadKind.allCases {
      let head = try trainHead(on: training, options: HeadOptions(kind: kind))
      let float = Confusion(try head.scores(of: test), labels: test.labels, classNames: test.classNames)
      let patch = try HeadFile(head.patch(place(training)))
      let rounded = try patch.scores((0..<test.count).map { Array(test.example($0)) })
      let packed = Confusion(rounded, labels: test.labels, classNames: test.classNames)
      #expect(float.accuracy > 0.7 && abs(float.accuracy - packed.accuracy) <= 0.02, "\(kind)")
    }
  }

  @Test func rareClassesCountTheSame() throws {
    let training = FeatureSet.clusters(classes: 2, perClass: [90, 6], features: 4, noise: 90)
    let test = FeatureSet.clusters(classes: 2, perClass: [200, 200], features: 4, noise: 90)
    func recall(_ isBalanced: Bool) throws -> Double {
      let head = try trainHead(on: training, options: HeadOptions(isBalanced: isBalanced))
      return Confusion(try head.scores(of: test), labels: test.labels, classNames: test.classNames).recall(of: 1) ?? 0
    }
    #expect(try recall(true) > recall(false) + 0.05)
  }

  @Test func stopsEarlyWhereMoreStepsAreWorse() throws {
    let training = FeatureSet.clusters(classes: 3, perClass: [5, 5, 5], features: 60, noise: 120)
    let other = FeatureSet.clusters(classes: 3, perClass: [45, 45, 45], features: 60, noise: 120).subset(
      Array(15..<135))
    var options = HeadOptions(regularization: 0)
    options.steps = 400
    let head = try trainHead(on: training, validation: other, options: options)
    #expect(head.steps < 400 && head.steps > 0)
  }

  @Test func refusesTooFewPictures() throws {
    func train(_ perClass: [Int], _ kind: HeadKind) throws {
      _ = try trainHead(on: .clusters(classes: perClass.count, perClass: perClass), options: HeadOptions(kind: kind))
    }
    #expect(throws: FinetuneError.self) { try train([5, 0], .softmax) }
    #expect(throws: FinetuneError.self) { try train([5, 5, 0], .imprint) }
    #expect(throws: FinetuneError.self) { try train([5, 1], .softmax) }
    #expect(throws: FinetuneError.self) { try train([5, 1], .svm) }
    try train([1, 1, 1], .imprint)
  }

  private func place(_ set: FeatureSet) throws -> HeadPlace {
    let backbone = try TestBackbone()
    return HeadPlace(
      file: backbone.bytes, point: try FeaturePoint.classifierInput(of: backbone.bytes), classNames: set.classNames)
  }

  private func features(_ backbone: TestBackbone) throws -> (FeatureSet, [[UInt8]], FeaturePoint) {
    let point = try FeaturePoint.classifierInput(of: backbone.bytes)
    let quantization =
      point.isPooled ? Quantization(scale: point.quantization.scale / 2, zeroPoint: -128) : point.quantization
    let extractor = try FeatureExtractor(
      point.isPooled
        ? graft(meanGraph(point, quantization), onto: backbone.bytes, at: point.tensor)
        : graft(nil, onto: backbone.bytes, at: point.tensor))
    var random = SplitMix64(seed: 12)
    var set = FeatureSet(
      featureCount: point.channels, scale: quantization.scale, zeroPoint: quantization.zeroPoint,
      classNames: ["left", "right", "middle"])
    var pictures: [[UInt8]] = []
    for index in 0..<18 {
      pictures.append(random.pixels(ofClass: index % 3))
      set.append(try extractor.features(.pixels(pictures[index])), label: index % 3, item: index)
    }
    return (set, pictures, point)
  }

  private func meanGraph(_ point: FeaturePoint, _ output: Quantization) throws -> Graph {
    var graph = Graph(name: "mean")
    let input = graph.addInput("input", shape: [1, point.height, point.width, point.channels])
    graph[input].quantization = point.quantization
    graph.outputs = [
      try graph.append(AveragePool2D(window: Size2D(point.height, point.width)), [input], name: "mean")[0]
    ]
    graph[graph.outputs[0]].quantization = output
    return graph
  }
}

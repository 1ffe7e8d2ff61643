import Graph
import Martlet

/// How two programs' quantized values of the same tensors differ.
public struct ValueDifference: Sendable, Equatable {
  /// Values compared.
  public private(set) var values = 0
  /// Values that are not equal.
  public private(set) var differing = 0
  /// The largest |one − other|, in steps of quantization.
  public private(set) var largestStep = 0

  /// Nothing compared yet.
  public init() {}

  /// Compares values place by place; both have as many.
  public mutating func add(_ found: [Int32], _ expected: [Int32]) {
    values += expected.count
    guard found != expected else { return }
    for (one, other) in zip(found, expected) where one != other {
      differing += 1
      largestStep = max(largestStep, abs(Int(one) - Int(other)))
    }
  }
}

/// How one layer of a packed model differs from another program's.
public struct LayerDifference: Sendable {
  /// The name of the layer's output.
  public var tensor: String
  /// The operator's name.
  public var kind: String
  /// In a run of the whole network: differences of earlier layers included.
  public var accumulated = ValueDifference()
  /// When the layer is given the other program's inputs.
  public var isolated = ValueDifference()
}

/// Compares every layer of a packed model with another program's quantized values. Layers are told apart by the
/// names of their outputs, so that one that was fused into its neighbour has nothing to compare.
public struct ValueComparison {
  /// The layers that were compared at least once, in execution order.
  public var layers: [LayerDifference] { all.filter { $0.accumulated.values > 0 } }
  /// The network's outputs in a run of the whole network.
  public private(set) var outputs = ValueDifference()
  /// Examples compared.
  public private(set) var examples = 0
  private var all: [LayerDifference]
  /// The tensor that each operator computes.
  private let tensors: [Int]
  /// The names under which each operator's result is known: its own, then those of its other shapes.
  private let names: [[String]]
  private let runner: ModelRunner
  /// Runs with the other program's values: a network that remembers has memory of its own for each way.
  private let isolatedRunner: ModelRunner

  /// A comparison with a packed model.
  /// - Throws: `GraphError` when the Verifier refuses it.
  public init(_ bytes: [UInt8]) throws(GraphError) {
    let runner = try ModelRunner(bytes)
    self.runner = runner
    isolatedRunner = try ModelRunner(bytes)
    let records = (0..<runner.operatorCount).map(runner.layer)
    tensors = records.map(\.tensor)
    names = runner.resultNames()
    all = records.map { LayerDifference(tensor: $0.outputName, kind: $0.kind) }
  }

  /// The names of the model's inputs, in its order.
  public var inputNames: [String] {
    (0..<runner.model.inputCount).map { runner.name(ofTensor: runner.model.inputTensor($0)) }
  }

  /// Values of the model's inputs, in its order.
  public var inputSizes: [Int] {
    (0..<runner.model.inputCount).map { runner.size(ofTensor: runner.model.inputTensor($0)) }
  }

  /// Runs one example twice, once as it is and once with every layer's result replaced by the expected one as soon as it
  /// was compared, so that the next layer is given the other program's values.
  /// - Parameters:
  ///   - inputs: each input's own quantized values, H×W×C.
  ///   - expected: the other program's values by the names of tensors; those of another size, or that the model does
  ///     not have, are not compared.
  /// - Throws: `GraphError` when an input has another size than the model's.
  public mutating func add(inputs: [[Int32]], expected: [String: [Int32]]) throws(GraphError) {
    let expected = Dictionary(expected.map { (storedName($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
    var layers = all
    func wanted(_ index: Int) -> (name: String, values: [Int32])? {
      for name in names[index] {
        if let values = expected[name], values.count == runner.size(ofTensor: tensors[index]) { return (name, values) }
      }
      return nil
    }
    try runner.run(quantized: inputs) { computed in
      let index = computed.operatorIndex
      guard let (name, values) = wanted(index) else { return }
      layers[index].tensor = name
      layers[index].accumulated.add(runner.values(computed), Array(values[computed.places]))
    }
    for position in 0..<runner.model.outputCount {
      let tensor = runner.model.outputTensor(position)
      if let values = expected[runner.name(ofTensor: tensor)], values.count == runner.size(ofTensor: tensor) {
        outputs.add(runner.tensorValues(tensor), values)
      }
    }
    try isolatedRunner.run(quantized: inputs) { computed in
      let index = computed.operatorIndex
      guard let (_, values) = wanted(index) else { return }
      layers[index].isolated.add(isolatedRunner.values(computed), Array(values[computed.places]))
      isolatedRunner.setRows(computed.rows, ofTensor: computed.tensor, values)
    }
    all = layers
    examples += 1
  }
}

extension ModelRunner {
  /// For each operator the names of the tensors that hold its result. A tensor that no operator computes is another
  /// shape of the one that was last computed at its place before it is read.
  fileprivate func resultNames() -> [[String]] {
    let outputs = (0..<operatorCount).map { Int(model.operatorRecord($0).output) }
    var names = outputs.map { [name(ofTensor: $0)] }
    let known = Set(outputs + (0..<model.inputCount).map { model.inputTensor($0) })
    func addName(of tensor: Int, readBy reader: Int) {
      guard !known.contains(tensor) else { return }
      let source = outputs[..<reader].lastIndex {
        model.tensor($0).arenaOffset == model.tensor(tensor).arenaOffset && size(ofTensor: $0) == size(ofTensor: tensor)
      }
      if let source, !names[source].contains(name(ofTensor: tensor)) { names[source].append(name(ofTensor: tensor)) }
    }
    for index in 0..<operatorCount {
      for position in 0..<Int(model.operatorRecord(index).inputCount) {
        addName(of: model.inputTensor(ofOperator: index, position), readBy: index)
      }
    }
    for position in 0..<model.outputCount { addName(of: model.outputTensor(position), readBy: operatorCount) }
    return names
  }

  fileprivate func name(ofTensor index: Int) -> String { String(model.name(model.tensor(index).name)) }

  fileprivate func size(ofTensor index: Int) -> Int {
    let record = model.tensor(index)
    return Int(record.height) * Int(record.width) * Int(record.channels)
  }
}

import Martlet

extension FuzzTarget {
  /// Small sound inputs, from which a search without any data begins; empty where others make them.
  public var seeds: [[UInt8]] {
    switch self {
    case .head: [headSeed(layers: [6, 3]), headSeed(layers: [6, 4, 3])]
    case .command: commandSeeds.map { Array($0.joined(separator: "\n").utf8) }
    case .slots: slotSeeds
    default: []
    }
  }
}

/// A head patch whose layers have these numbers of inputs and outputs, on the network of `fuzzHead`.
private func headSeed(layers: [UInt32]) -> [UInt8] {
  var header = HeadHeader()
  header.featureTensor = 1
  header.featureCount = layers[0]
  header.featureScale = 0.0078125
  header.classCount = layers[layers.count - 1]
  header.layerCount = UInt32(layers.count - 1)
  let labels = Array("ant\nbee\ncat\n".utf8)
  header.labelBytes = UInt32(labels.count)
  var (records, constants): ([UInt8], [UInt8]) = ([], [])
  for (inputs, outputs) in zip(layers, layers.dropFirst()) {
    var record = HeadLayerRecord(inputs: Int32(inputs), outputs: Int32(outputs))
    record.outputScale = 0.125
    records += raw(record)
    for output in 0..<outputs { constants += raw(Int32(output) * 100 - 50) }
    for _ in 0..<outputs { constants += raw(Float(0.0625)) }
    let weights = (0..<inputs * outputs).map { UInt8(truncatingIfNeeded: $0 * 37) }
    constants += weights + [UInt8](repeating: 0, count: -weights.count & 3)
  }
  header.fileBytes = UInt32(HeadHeader.byteCount + records.count + constants.count + labels.count)
  return sealedHead(raw(header) + records + constants + labels)
}

private func raw<Value: BitwiseCopyable>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

private let commandSeeds: [[String]] = [
  ["--help"], ["help", "convert"],
  ["convert", "a.onnx", "-o", "b.martlet", "--preset", "imagenet", "--calibrate", "c"],
  ["convert", "--architecture", "LeNet-5", "--random-weights", "1", "-o", "b", "--arena", "smallest"],
  ["run", "a.martlet", "b.png", "--top", "3", "--json"], ["eval", "a", "--data", "b", "--limit", "5"],
  ["bench", "a", "--threads", "2", "--runs", "9", "--profile"], ["inspect", "a", "--memory", "m.svg"],
  ["verify", "a", "--key", "k"], ["explain", "checksum"], ["compare", "a", "b", "--data", "c"],
  ["selftest", "a", "--check"], ["sign", "--new-key", "k"], ["deploy", "a", "--rollback"],
  ["export", "a", "-o", "b", "--c-array", "--name", "net"], ["plan", "ResNet-18", "--arena", "100000"],
  ["train", "LeNet-5", "--data", "d", "--epochs", "3", "--milestones", "0.5,0.75", "-o", "w"],
  ["tune", "LeNet-5", "--data", "d", "--rates", "0.01,1", "--widths", "0.5,1", "--trials", "4"],
  ["finetune", "a", "--data", "d", "-o", "b", "--from", "f", "--unfreeze", "2", "--folds", "3"],
  ["merge", "a", "--head", "h", "-o", "b"], ["--generate-completion-script", "bash"],
]

/// Each state of the folder with a note of each kind.
private let slotSeeds: [[UInt8]] = {
  let notes = ["martlet-slots 1 a 1 0 0\n", "martlet-slots 1 b 9223372036854775807 ffffffffffffffff 512\n", ""]
  var seeds: [[UInt8]] = []
  for state in UInt8(0)..<32 {
    for note in notes {
      var seed: [UInt8] = [state]
      seed += Array(note.utf8)
      seed += [0]
      seed += Array("MARTLET\n".utf8)
      seeds.append(seed)
    }
  }
  return seeds
}()

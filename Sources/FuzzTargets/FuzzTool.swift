import Compiler
import Graph
import Tool

/// Parses the words of a command line, one a line, and carries nothing out.
func fuzzCommandLine(_ bytes: [UInt8]) -> FuzzTarget.Outcome {
  let words = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  guard let refusal = refusal(ofCommandLine: words) else { return .accepted }
  precondition(!refusal.isEmpty)
  return .refused
}

/// A model that is sound, and another.
private let models: [[UInt8]] = (1...2).compactMap { channels in
  var graph = Graph(name: "slot")
  let input = graph.addInput("x", shape: [1, 2, 2, 2])
  let slice = Slice(begin: [0, 0, 0, 0], size: [1, channels, 2, 2], step: [1, 1, 1, 1])
  guard let part = try? graph.append(slice, [input], name: "part") else { return nil }
  graph.outputs = part
  let calibration = CalibrationData([Tensor(shape: [1, 2, 2, 2], repeating: 0.5)])
  return try? compile(graph, calibration: calibration, workers: Workers(count: 1)).bytes
}

/// A slot store that finds these files: the first byte says which slots hold a sound model and which the rest of the bytes,
/// and whether there is a note; the note is the text up to a zero byte. Whatever it finds, what is deployed becomes current,
/// and the way back leads to a sound model or nowhere.
func fuzzSlots(_ bytes: [UInt8]) -> FuzzTarget.Outcome {
  guard let choice = bytes.first else { return .refused }
  let parts = bytes.dropFirst().split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
  let rest = parts.count > 1 ? Array(parts[1]) : []
  var contents: [String: [UInt8]] = [:]
  if choice & 1 == 0 { contents["current"] = Array(parts[0]) }
  for (slot, kind) in [("slot-a.martlet", choice >> 1 & 3), ("slot-b.martlet", choice >> 3 & 3)] where kind > 0 {
    contents[slot] = kind == 1 ? rest : models[Int(kind) - 2]
  }
  let store = SlotsInMemory(contents)
  let before = store.currentModel()
  if let before, before != rest { precondition(models.contains(before)) }
  for model in models {
    precondition(store.deploy(model) && store.currentModel() == model)
  }
  precondition(store.rollBack() && store.currentModel() == models[0])
  precondition(store.rollBack() && store.currentModel() == models[1])
  return before == nil ? .refused : .accepted
}

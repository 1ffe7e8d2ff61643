import Compiler
import Finetuning
import Graph
import Martlet

/// The network that every head is put on: a mean over four pixels of six channels, and one layer.
private let backbone: [UInt8] = {
  var graph = Graph(name: "backbone")
  let input = graph.addInput("x", shape: [1, 2, 2, 6])
  let weights = graph.addConstant("w", Tensor(shape: [3, 6], values: (0..<18).map { Float($0 % 5) - 2 }))
  let bias = graph.addConstant("b", Tensor(shape: [3], values: [0.5, -0.5, 0]))
  let built = try? graph.apply(AveragePool2D(window: Size2D(2, 2)), input, name: "mean")
  guard let mean = built, let flat = try? graph.apply(Reshape(shape: [1, 6]), mean, name: "flat"),
    let scores = try? graph.append(FullyConnected(), [flat, weights, bias], name: "scores")
  else { return [] }
  graph.outputs = scores
  let calibration = CalibrationData([Tensor(shape: [1, 2, 2, 6], values: (0..<24).map { Float($0) / 24 })])
  return (try? compile(graph, calibration: calibration, workers: Workers(count: 1)).bytes) ?? []
}()

/// Verifies a head patch, with checksums and the network that it belongs to made right; computes its layers for the extremes
/// of features; puts it on its network.
func fuzzHead(_ bytes: [UInt8]) -> FuzzTarget.Outcome {
  let file = sealedHead(bytes)
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: file.count, alignment: 8)
  defer { memory.deallocate() }
  memory.copyBytes(from: file)
  do throws(Fault) {
    let patch = try HeadPatch.verify(UnsafeRawBufferPointer(memory))
    for feature: Int8 in [-128, 127] {
      var values = [Int8](repeating: feature, count: Int(patch.header.featureCount))
      for index in 0..<patch.layerCount {
        var results = [Int8](repeating: 0, count: Int(patch.layer(index).outputs))
        var span = results.mutableSpan
        try patch.run(layer: index, values.span, into: &span)
        values = results
      }
    }
  } catch { return .refused }
  do {
    let merged = try HeadFile(file).merged(into: backbone)
    _ = try ModelRunner(merged).run([Tensor(shape: [1, 2, 2, 6], repeating: 0.5)])
    return .accepted
  } catch { return .refusedLater }
}

/// The bytes with the checksums, the size and the network that a writer of this head would have stated.
func sealedHead(_ bytes: [UInt8]) -> [UInt8] {
  guard bytes.count >= HeadHeader.byteCount else { return bytes }
  let memory = AlignedBytes(copying: bytes)
  var header = memory.buffer.load(as: HeadHeader.self)
  header.backbone = backbone.withUnsafeBytes { BackboneIdentity($0.loadUnaligned(as: Header.self)) }
  memory.buffer.storeBytes(of: header, as: HeadHeader.self)
  HeadHeader.seal(UnsafeMutableRawBufferPointer(rebasing: memory.buffer[..<bytes.count]))
  return Array(memory.buffer[..<bytes.count])
}

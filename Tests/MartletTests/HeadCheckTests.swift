import Martlet
import Testing

/// Head patches that are not what they say.
@Suite struct HeadCheckTests {
  /// A patch of these layers, by hand.
  private struct Writer {
    var header = HeadHeader()
    var layers: [HeadLayerRecord]
    var biases: [[Int32]]
    var scales: [[Float]]
    var labels = Array("ant\nbee\ncat\n".utf8)
    /// What to change in the finished header, whose sizes and checksums are then right.
    var changesHeader: (inout HeadHeader) -> Void = { _ in }

    init(_ sizes: [UInt32]) {
      header.featureCount = sizes[0]
      header.classCount = sizes[sizes.count - 1]
      header.layerCount = UInt32(sizes.count - 1)
      layers = zip(sizes, sizes.dropFirst()).map { HeadLayerRecord(inputs: Int32($0), outputs: Int32($1)) }
      biases = layers.map { [Int32](repeating: 77, count: Int($0.outputs)) }
      scales = layers.map { [Float](repeating: 0.01, count: Int($0.outputs)) }
    }

    func bytes() -> [UInt8] {
      var body = layers.flatMap { ModelWriter.raw($0) }
      for (index, layer) in layers.enumerated() {
        body += biases[index].flatMap { ModelWriter.raw($0) } + scales[index].flatMap { ModelWriter.raw($0) }
        let weights = Int(layer.inputs) &* Int(layer.outputs)
        if weights <= 4096 { body += [UInt8](repeating: 9, count: (weights + 3) & ~3) }
      }
      body += labels
      var header = header
      header.labelBytes = UInt32(labels.count)
      header.fileBytes = UInt32(HeadHeader.byteCount + body.count)
      changesHeader(&header)
      return HeadCheckTests.sealed(ModelWriter.raw(header) + body)
    }
  }

  private static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    let memory = GuardedMemory(copying: bytes)
    HeadHeader.seal(UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<bytes.count]))
    return Array(memory.bytes[..<bytes.count])
  }

  private func fault(_ bytes: [UInt8]) -> Fault? {
    let memory = GuardedMemory(copying: bytes)
    do throws(Fault) {
      let patch = try HeadPatch.verify(memory.model)
      // What is accepted computes, for the extremes of features.
      var values = [Int8](repeating: -128, count: Int(patch.header.featureCount))
      for index in 0..<patch.layerCount {
        var results = [Int8](repeating: 0, count: Int(patch.layer(index).outputs))
        var span = results.mutableSpan
        try patch.run(layer: index, values.span, into: &span)
        values = results
      }
      return nil
    } catch { return error }
  }

  private func code(_ sizes: [UInt32] = [5, 4, 3], _ change: (inout Writer) -> Void) -> Fault.Code? {
    var writer = Writer(sizes)
    change(&writer)
    return fault(writer.bytes())?.code
  }

  @Test func soundPatchesAreAccepted() {
    #expect(code { _ in } == nil)
    #expect(code([6, 2]) { $0.labels = [] } == nil)
    #expect(code([1, 3]) { _ in } == nil)
  }

  @Test func impossibleHeaders() {
    let changes: [(String, Fault.Code, @Sendable (inout HeadHeader) -> Void)] = [
      ("no layer", .head, { $0.layerCount = 0 }), ("three layers", .head, { $0.layerCount = 3 }),
      ("no scale", .head, { $0.featureScale = 0 }), ("no number", .head, { $0.featureScale = .nan }),
      ("zero point", .head, { $0.featureZeroPoint = 128 }), ("below", .head, { $0.featureZeroPoint = -129 }),
      ("pooled twice", .head, { $0.isPooled = 2 }), ("classes", .head, { $0.classCount = 2 }),
      ("features", .head, { $0.featureCount = 6 }), ("labels", .head, { $0.labelBytes -= 1 }),
      ("labels beyond", .head, { $0.labelBytes = .max }), ("shorter", .truncated, { $0.fileBytes -= 1 }),
      ("longer", .truncated, { $0.fileBytes = .max }), ("version", .unsupportedVersion, { $0.formatVersion = 2 }),
      ("magic", .notAModel, { $0.magic += 1 }),
    ]
    for (what, expected, change) in changes {
      #expect(code { $0.changesHeader = change } == expected, "\(what)")
    }
    // What later versions may use.
    var bytes = Writer([5, 3]).bytes()
    for place in 72..<128 {
      bytes[place] = 1
      #expect(fault(Self.sealed(bytes))?.code == .unsupportedVersion, "byte \(place)")
      bytes[place] = 0
    }
  }

  @Test func impossibleLayers() {
    let changes: [(String, (inout HeadLayerRecord) -> Void)] = [
      ("inputs", { $0.inputs += 1 }), ("no outputs", { $0.outputs = 0 }), ("outputs", { $0.outputs = 4097 }),
      ("all outputs", { $0.outputs = .max }), ("more outputs than bytes", { $0.outputs = 4000 }),
      ("scale", { $0.outputScale = -1 }), ("infinite", { $0.outputScale = .infinity }),
      ("zero point", { $0.outputZeroPoint = 200 }), ("low", { $0.low = 128 }), ("lower", { $0.low = -129 }),
    ]
    for layer in 0..<2 {
      for (what, change) in changes { #expect(code { change(&$0.layers[layer]) } == .head, "\(what) of \(layer)") }
    }
    #expect(code([16385, 3]) { _ in } == .head)
    // One class is no choice.
    #expect(code([5, 1]) { $0.labels = Array("ant\n".utf8) } == .head)
  }

  @Test func impossibleConstants() {
    for layer in 0..<2 {
      for bias in [Int32.min, .max, .max - 4 * 2 * 255 * 128 + 1] {
        #expect(code { $0.biases[layer][1] = bias } == .head)
      }
      for scale in [Float.nan, .infinity, 0, -1, 1e30] { #expect(code { $0.scales[layer][1] = scale } == .head) }
    }
  }

  @Test func impossibleLabels() {
    for labels in ["ant\nbee\n", "a\nb\nc\nd", "\n\n\n\n"] { #expect(code { $0.labels = Array(labels.utf8) } == .head) }
    #expect(code { $0.labels[0] = 0xFF } == .head)
  }

  /// A file that ends early, however long it says that it is.
  @Test func eachTruncation() {
    let bytes = Writer([5, 4, 3]).bytes()
    for count in bytes.indices {
      var short = Array(bytes[..<count])
      #expect(fault(short)?.code == .truncated, "\(count)")
      guard count >= HeadHeader.byteCount else { continue }
      for byte in 0..<4 { short[12 + byte] = UInt8(truncatingIfNeeded: count >> (8 * byte)) }
      #expect(fault(Self.sealed(short)) != nil, "\(count)")
    }
  }

  @Test func damageAndMisalignment() {
    let bytes = Writer([5, 3]).bytes()
    for place in 16..<bytes.count {
      var changed = bytes
      changed[place] ^= 1
      #expect(fault(changed)?.code == .checksum, "\(place)")
    }
    let memory = GuardedMemory(count: (bytes.count + 71) & ~7)
    let shifted = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[4..<4 + bytes.count])
    shifted.copyBytes(from: bytes)
    #expect(throws: Fault(.misaligned, detail: 1)) { _ = try HeadPatch.verify(UnsafeRawBufferPointer(shifted)) }
  }
}

import Archives
import CAllocationCounter
import Importers
import Testing

/// What a small hostile file can make an importer allocate: all requests of an import together, whatever it returned between.
@Suite struct ImporterMemoryTests {
  /// Bytes that no import of a file of 1 KiB asks for.
  private static let bound = 64_000_000

  /// A file's import, and the bytes that it asked for.
  private func requested(_ read: () -> Void) -> Int {
    let before = allocation_counter_bytes()
    read()
    return Int(allocation_counter_bytes() - before)
  }

  /// Checks files of at most 1 KiB, and prints what a table of them says.
  private func check(_ kind: String, _ files: [[UInt8]], read: ([UInt8]) -> Void) {
    guard allocation_counter_is_active() == 1 else { return }
    var most = [0, 0]
    var counts = [0, 0]
    for file in files {
      #expect(file.count <= 1024)
      let bytes = requested { read(file) }
      #expect(bytes <= Self.bound, "\(kind): file \(counts) of \(file.count) bytes asks for \(bytes)")
      let isTiny = file.count <= 160
      most[isTiny ? 0 : 1] = max(most[isTiny ? 0 : 1], bytes)
      counts[isTiny ? 0 : 1] += 1
    }
    print(
      "importer memory: \(kind): \(counts[0]) files to 160 bytes \(most[0]), \(counts[1]) to 1,024 bytes \(most[1])")
  }

  // MARK: ONNX

  private static let huge = [
    1 << 13, 1 << 17, 1 << 18, 1 << 20, 1 << 22, 1 << 23, 1 << 24, 1 << 27, 1 << 31, 1 << 40, Int.max, -1,
  ]

  /// Graphs of one node that asks for `size` values in its own way.
  private static func network(
    _ kind: String, _ constants: [TensorSpecification], _ attributes: [AttributeSpecification] = [], input: Bool = false
  ) -> [UInt8] {
    var model = ModelSpecification(input: [1, 1, 1, 1])
    model.initializers = constants
    model.node(kind, (input ? ["x"] : []) + constants.map(\.name), [input ? "y" : "c"], attributes)
    // What no input reaches is not looked at.
    if !input { model.node("Add", ["x", "c"], ["y"]) }
    return model.encoded
  }

  private static func constants(_ size: Int) -> [[UInt8]] {
    let one = TensorSpecification.floats("o", [1], [1])
    let (first, second) = (TensorSpecification.integers("n", [size]), TensorSpecification.integers("n", [1, size]))
    let fill = TensorSpecification.integers("v", [7])
    return [
      network("Relu", [TensorSpecification(name: "w", shape: [size, size], type: 1, raw: [])]),
      network("Relu", [TensorSpecification(name: "w", shape: [size], type: 1, raw: [])]),
      network("ConstantOfShape", [first]), network("ConstantOfShape", [second], [.tensor("value", fill)]),
      network("Expand", [one, first]), network("Tile", [one, first]),
      network(
        "Range",
        [0, size, 1].enumerated().map { TensorSpecification.integers("r\($0)", [$1], shape: []) }),
      network("OneHot", [fill, first, TensorSpecification.floats("e", [2], [0, 1])]),
      network("Pad", [one, TensorSpecification.integers("n", [size, size])]),
      network("EyeLike", [TensorSpecification(name: "w", shape: [size, size], type: 1, raw: [])]),
    ]
  }

  private static func activations(_ size: Int) -> [[UInt8]] {
    let pads = TensorSpecification.integers("p", [0, 0, size, size, 0, 0, size, size])
    let roi = TensorSpecification.floats("q", [0], [])
    let kernel = TensorSpecification.floats("k", [1, 1, 1, 1], [1])
    var wide = ModelSpecification(input: [1, 3, .size(size), .size(size)])
    wide.node("Relu", ["x"], ["y"])
    return [
      wide.encoded, network("Pad", [pads], input: true),
      network("Resize", [roi, .floats("s", [4], [1, 1, Float(size), Float(size)])], input: true),
      network("Upsample", [.floats("s", [4], [1, 1, Float(size), Float(size)])], input: true),
      network("Expand", [.integers("n", [1, 1, size, size])], input: true),
      network("Tile", [.integers("n", [1, 1, size, size])], input: true),
      network("Conv", [kernel], [.integers("pads", [size, size, size, size])], input: true),
      network("ConvTranspose", [kernel], [.integers("strides", [size, size])], input: true),
      network("ConvTranspose", [kernel], [.integers("output_padding", [size, size])], input: true),
      network(
        "MaxPool", [], [.integers("kernel_shape", [size, size]), .integers("pads", [1, 1, 1, 1])], input: true),
      network("Unsqueeze", [.integers("n", [0, size])], input: true),
      network("Reshape", [.integers("n", [size, 1, -1])], input: true),
      network("DepthToSpace", [], [.integer("blocksize", size)], input: true),
      network("Split", [], [.integers("split", [size, size])], input: true),
      network("LSTM", [kernel, kernel], [.integer("hidden_size", size)], input: true),
    ]
  }

  /// Nodes of which each makes its constant twice as large.
  private static func doubling(_ kind: String, steps: Int) -> [UInt8] {
    var model = ModelSpecification(input: [1, 1, 1, 1])
    model.initializers = [.integers("a0", Array(0..<8)), .integers("t", [2])]
    for step in 0..<steps {
      let (from, to) = ("a\(step)", "a\(step + 1)")
      switch kind {
      case "Concat": model.node(kind, [from, from], [to], [.integer("axis", 0)])
      case "Where": model.node(kind, [from, from, from], [to])
      case "Tile": model.node(kind, [from, "t"], [to])
      default: model.node(kind, [from, from], [to])
      }
    }
    model.node("Add", ["x", "a\(steps)"], ["y"])
    return model.encoded
  }

  /// A column and a row of so many numbers, and what combines them all.
  private static func product(_ kind: String, _ size: Int) -> [UInt8] {
    var model = ModelSpecification(input: [1, 1, 1, 1])
    model.initializers = [.integers("s", [1, size]), .integers("u", [size, 1])]
    model.node("ConstantOfShape", ["s"], ["r"])
    model.node("Reshape", ["r", "u"], ["c"])
    model.node(kind, ["c", "r"], ["p"])
    model.node("Add", ["x", "p"], ["y"])
    return model.encoded
  }

  @Test func smallONNXFiles() {
    let doublings = [("Concat", 16), ("Concat", 22), ("Tile", 20), ("Gather", 16), ("Where", 16), ("Add", 20)]
    let products = ["MatMul", "Add", "Mul", "Equal", "Gather"].flatMap { kind in
      [1 << 6, 1 << 10, 1 << 13, 1 << 20].map { Self.product(kind, $0) }
    }
    let files =
      Self.huge.flatMap { Self.constants($0) + Self.activations($0) } + products
      + doublings.map { Self.doubling($0, steps: $1) }
    check("ONNX", files) { _ = importError($0) }
  }

  // MARK: TFLite

  private static func tflite(_ kind: String, _ size: Int) -> [UInt8] {
    var model = TFLiteSpecification()
    let (x, y) = (model.tensor("x", [1, 1, 1, 1]), model.tensor("y", [1, size, size, 1]))
    let c = model.tensor("c", [1, size, size, 1])
    let one = model.floats("o", [1], [1])
    let inputs =
      switch kind {
      case "FILL": [model.integers("n", [size, size]), one]
      case "RANGE": [model.integers("a", [0]), model.integers("n", [size]), model.integers("d", [1])]
      case "PAD": [x, model.integers("n", [0, 0, size, size, size, size, 0, 0], shape: [4, 2])]
      case "RELU": [model.tensor("w", [size, size])]
      case "ABS": [model.tensor("w", [size, size], data: [1, 2, 3, 4])]
      default: [x, model.integers("n", [1, size, size, 1])]
      }
    model.apply(kind, inputs, [c])
    model.apply("ADD", [x, c], [y])
    (model.inputs, model.outputs) = ([x], [y])
    return model.encoded
  }

  @Test func smallTFLiteFiles() {
    let kinds = [
      "FILL", "RANGE", "PAD", "RELU", "ABS", "TILE", "RESHAPE", "BROADCAST_TO", "EXPAND_DIMS", "RESIZE_BILINEAR",
    ]
    let files = Self.huge.flatMap { size in kinds.map { Self.tflite($0, size) } }.filter { $0.count <= 1024 }
    check("TFLite", files) { _ = tfliteError($0) }
    // A list's length is what a reader of FlatBuffers would allocate first.
    let sound = Self.tflite("RELU", 2)
    let lengths = stride(from: 8, to: sound.count - 3, by: 4).flatMap { place in
      [0x7FFF_FFFF, 0x1000_0000, 0x100].map { (length: UInt32) in
        var file = sound
        for byte in 0..<4 { file[place + byte] = UInt8(truncatingIfNeeded: length >> UInt32(8 * byte)) }
        return file
      }
    }
    check("TFLite, lengths", lengths) { _ = tfliteError($0) }
  }

  // MARK: Checkpoints and arrays

  private static func npy(_ shape: String, _ type: String) -> [UInt8] {
    let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0] + littleEndian(UInt16(header.utf8.count)) + Array(header.utf8)
  }

  private static func checkpoints(_ size: Int) -> [[UInt8]] {
    let header = #"{"w":{"dtype":"F32","shape":[\#(size)],"data_offsets":[0,\#(size)]}}"#
    var long = PickleWriter()
    long.raw([0x8B] + littleEndian(UInt32(truncatingIfNeeded: size)))
    var text = PickleWriter()
    text.raw([0x58] + littleEndian(UInt32(truncatingIfNeeded: size)))
    let record = TensorRecord(name: "x", storageCount: size, shape: [size], strides: [0])
    let pickle = PickleWriter.stateDictionary([record], legacy: true)
    return [
      littleEndian(UInt64(bitPattern: Int64(size))) + Array("{}".utf8),
      CheckpointWriter.safetensors(header: header, data: [0, 0, 0, 0]),
      npy("(\(size),)", "<f4"), npy("(\(size), \(size))", "<f8"), npy("(0, \(size))", "<f4"),
      CheckpointWriter.zip([("w.npy", npy("(\(size),)", "<f4"))]),
      CheckpointWriter.torchLegacy(pickle: long.bytes, storages: []),
      CheckpointWriter.torchLegacy(pickle: text.bytes, storages: []),
      CheckpointWriter.torchLegacy(pickle: pickle, storages: [("0", size, [0, 0, 0, 0])]),
      CheckpointWriter.torchZip(
        pickle: PickleWriter.stateDictionary([record], legacy: false), storages: [("0", [1, 2, 3, 4])]),
    ]
  }

  /// A pickle that doubles what it holds: a tuple of a tuple twice, of which the memo keeps each.
  private static func nested(_ depth: Int) -> [UInt8] {
    var writer = PickleWriter()
    writer.integer(1)
    for _ in 0..<depth { writer.raw([0x71, 0, 0x68, 0, 0x86]) }
    writer.opcode(".")
    return CheckpointWriter.torchLegacy(pickle: writer.bytes, storages: [])
  }

  @Test func smallCheckpoints() {
    let files = (Self.huge.flatMap(Self.checkpoints) + [8, 30, 100].map(Self.nested)).filter { $0.count <= 1024 }
    check("checkpoints", files) { file in
      do throws(CheckpointError) { _ = try Checkpoint(ByteSource(file, name: "file")) } catch { _ = error.description }
    }
  }
}

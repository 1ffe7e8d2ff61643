import Archives
import Graph
import Importers
import Testing

@Suite struct CheckpointTests {
  static let weight = TensorRecord(name: "layer.weight", storageCount: 6, shape: [2, 3], strides: [3, 1])
  static let bias = TensorRecord(
    name: "layer.bias", key: "1", storageClass: "HalfStorage", storageCount: 3, start: 1, shape: [2], strides: [1],
    isParameter: true)
  static let weightBytes = littleEndian([1, 2, 3, 4, 5, 6] as [Float])
  /// 9, 0.5 and −2 as float16.
  static let biasBytes: [UInt8] = [0x80, 0x48, 0x00, 0x38, 0x00, 0xC0]

  static let zipFile = CheckpointWriter.torchZip(
    pickle: PickleWriter.stateDictionary([weight, bias], legacy: false),
    storages: [("0", weightBytes), ("1", biasBytes)])
  static let legacyFile = CheckpointWriter.torchLegacy(
    pickle: PickleWriter.stateDictionary([weight, bias], legacy: true),
    storages: [("0", 6, weightBytes), ("1", 3, biasBytes)])
  static let safetensorsFile = CheckpointWriter.safetensors(
    header: """
      {"__metadata__":{"format":"pt"},"layer.bias":{"dtype":"F16","shape":[2],"data_offsets":[24,28]},\
      "layer.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}
      """, data: weightBytes + biasBytes[2...])
  static let npzFile = CheckpointWriter.zip([
    ("layer.weight.npy", NumpyArray(shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])!.encoded()),
    ("layer.bias.npy", NumpyArray(shape: [2], floats: [0.5, -2])!.encoded()),
  ])

  @Test(
    "every format gives the same tensors, in the file's order",
    arguments: [zipFile, legacyFile, safetensorsFile, npzFile])
  func formats(file: [UInt8]) throws {
    let checkpoint = try Checkpoint(ByteSource(file, name: "file"))
    #expect(checkpoint.tensors.map(\.name) == ["layer.weight", "layer.bias"])
    #expect(checkpoint.tensors[0].tensor == Tensor(shape: [2, 3], values: [1, 2, 3, 4, 5, 6]))
    #expect(checkpoint.tensors[1].tensor == Tensor(shape: [2], values: [0.5, -2]))
  }

  @Test("written safetensors are read again, with their texts, whatever bytes the header's length begins with")
  func writtenSafetensors() throws {
    let tensors = [
      (name: "b", tensor: Tensor(shape: [2, 1], values: [1.5, -0.1])), (name: "a", tensor: Tensor(shape: [1])),
    ]
    var lengths: Set<UInt8> = []
    for length in 0..<256 {
      let metadata = ["note": String(repeating: "x", count: length), "é\"": "{}"]
      let file = try Array(Checkpoint.safetensors(tensors, metadata: metadata))
      lengths.insert(file[0])
      let checkpoint = try Checkpoint(ByteSource(file, name: "file"))
      #expect(
        checkpoint.tensors.map(\.name) == ["b", "a"] && checkpoint.tensors.map(\.tensor) == tensors.map(\.tensor))
      #expect(checkpoint.metadata == metadata)
    }
    #expect(lengths.isSuperset(of: [0x50, 0x80]))
  }

  @Test("strides: a transposed view, and a view with gaps")
  func strides() throws {
    let transposed = TensorRecord(name: "t", storageCount: 6, shape: [3, 2], strides: [1, 3])
    let gaps = TensorRecord(name: "g", storageCount: 6, start: 1, shape: [2, 1, 2], strides: [3, 9, 1])
    let scalar = TensorRecord(name: "s", storageCount: 6, start: 5, shape: [], strides: [])
    let empty = TensorRecord(name: "e", storageCount: 6, shape: [2, 0], strides: [1, 1])
    let checkpoint = try Checkpoint(
      ByteSource(
        CheckpointWriter.torchZip(
          pickle: PickleWriter.stateDictionary([transposed, gaps, scalar, empty], legacy: false),
          storages: [("0", Self.weightBytes)]), name: "file"))
    #expect(checkpoint.tensors[0].tensor == Tensor(shape: [3, 2], values: [1, 4, 2, 5, 3, 6]))
    #expect(checkpoint.tensors[1].tensor == Tensor(shape: [2, 1, 2], values: [2, 3, 5, 6]))
    #expect(checkpoint.tensors[2].tensor == Tensor(shape: [], values: [6]))
    #expect(checkpoint.tensors[3].tensor == Tensor(shape: [2, 0], values: []))
  }

  @Test(
    "element types become float32",
    arguments: [
      ("DoubleStorage", littleEndian((-2.5).bitPattern), -2.5),
      ("FloatStorage", littleEndian(Float(0.1).bitPattern), 0.1),
      ("HalfStorage", [0x00, 0x3E], 1.5), ("BFloat16Storage", [0xC0, 0x3F], 1.5),
      ("LongStorage", littleEndian(Int64(-7)), -7), ("IntStorage", littleEndian(Int32(-70000)), -70000),
      ("ShortStorage", littleEndian(Int16(-300)), -300), ("CharStorage", [0xFF], -1), ("ByteStorage", [0xFF], 255),
      ("BoolStorage", [2], 1),
    ] as [(String, [UInt8], Float)])
  func elementTypes(storageClass: String, bytes: [UInt8], expected: Float) throws {
    let record = TensorRecord(name: "x", storageClass: storageClass, storageCount: 1, shape: [1], strides: [1])
    let file = CheckpointWriter.torchZip(
      pickle: PickleWriter.stateDictionary([record], legacy: false), storages: [("0", bytes)])
    #expect(try Checkpoint(ByteSource(file, name: "file")).tensors[0].tensor.values == [expected])
  }

  @Test("weights beside a training program's other state are found, and a data-parallel prefix goes")
  func trainingState() throws {
    var writer = PickleWriter()
    writer.opcode("}")
    writer.opcode("(")
    writer.text("epoch")
    writer.integer(90)
    writer.text("state_dict")
    writer.opcode("}")
    var record = Self.weight
    record.name = "module.layer.weight"
    writer.text(record.name)
    writer.tensor(record, legacy: false)
    writer.opcode("s")
    writer.text("momentum")
    writer.tensor(Self.weight, legacy: false)
    writer.opcode("u")
    writer.opcode(".")
    let file = CheckpointWriter.torchZip(pickle: writer.bytes, storages: [("0", Self.weightBytes)])
    #expect(try Checkpoint(ByteSource(file, name: "file")).tensors.map(\.name) == ["layer.weight"])
  }

  @Test("a prefix of every name goes, in any format")
  func prefix() throws {
    let array = NumpyArray(shape: [1], floats: [1])!.encoded()
    let all = CheckpointWriter.zip([("module.a.npy", array), ("module.b.npy", array)])
    #expect(try Checkpoint(ByteSource(all, name: "file")).tensors.map(\.name) == ["a", "b"])
    let some = CheckpointWriter.zip([("module.a.npy", array), ("b.npy", array)])
    #expect(try Checkpoint(ByteSource(some, name: "file")).tensors.map(\.name) == ["module.a", "b"])
  }
}

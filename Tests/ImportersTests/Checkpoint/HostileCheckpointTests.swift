import Archives
import Importers
import Testing

@Suite struct HostileCheckpointTests {
  private func message(_ file: [UInt8]) -> String {
    do throws(CheckpointError) {
      _ = try Checkpoint(ByteSource(file, name: "file"))
      return "no error"
    } catch {
      return error.description
    }
  }

  private func zip(pickle: [UInt8]) -> [UInt8] {
    CheckpointWriter.torchZip(pickle: pickle, storages: [("0", CheckpointTests.weightBytes)])
  }

  @Test(
    "a pickle that asks for code is refused by the code's name",
    arguments: [("os", "system"), ("builtins", "eval"), ("torch", "load"), ("torchvision.models.resnet", "ResNet")])
  func forbiddenGlobals(module: String, name: String) {
    var writer = PickleWriter()
    writer.global(module, name)
    writer.text("echo harm")
    writer.raw([0x85])
    writer.opcode("R")
    writer.opcode(".")
    #expect(message(zip(pickle: writer.bytes)).contains("asks for \(module).\(name), which is refused"))
    #expect(message(CheckpointWriter.torchLegacy(pickle: writer.bytes, storages: [])).contains("\(module).\(name)"))
    // The same by name from the stack (protocol 4), and by the old text opcode.
    let stack: [UInt8] =
      [0x80, 4, 0x8C, UInt8(module.utf8.count)] + Array(module.utf8) + [0x8C, UInt8(name.utf8.count)] + Array(name.utf8)
      + [0x93, 0x2E]
    #expect(message(zip(pickle: stack)).contains("asks for \(module).\(name), which is refused"))
    #expect(message(zip(pickle: [0x80, 2] + Array("i\(module)\n\(name)\n.".utf8))).contains("opcode 0x69"))
  }

  @Test(
    "records that do not fit their storage",
    arguments: [
      ([2, 3], [3, 1], 1), ([7], [1], 0), ([2], [6], 0), ([2, 3], [3], 0), ([1 << 40, 1 << 40], [0, 0], 0),
      ([1 << 62, 2, 0], [1, 1, 1], 0), ([0], [1], 1 << 62), ([2], [Int.max], 0), ([-1], [1], 0), ([2], [-1], 5),
      ([1000], [0], 0), ([2], [1], -1),
    ] as [([Int], [Int], Int)])
  func misfits(shape: [Int], strides: [Int], start: Int) {
    let record = TensorRecord(name: "x", storageCount: 6, start: start, shape: shape, strides: strides)
    let text = message(zip(pickle: PickleWriter.stateDictionary([record], legacy: false)))
    #expect(text.contains("is not a readable checkpoint: a tensor of shape"), "\(text)")
  }

  @Test("a storage that claims more than the archive has")
  func shortStorage() {
    let record = TensorRecord(name: "x", storageCount: Int.max, shape: [1], strides: [1])
    #expect(message(zip(pickle: PickleWriter.stateDictionary([record], legacy: false))).contains("too short"))
    let legacy = CheckpointWriter.torchLegacy(
      pickle: PickleWriter.stateDictionary([record], legacy: true),
      storages: [("0", Int.max, CheckpointTests.weightBytes)])
    #expect(message(legacy).contains("cut off"))
  }

  @Test("two records of one storage that contradict each other")
  func contradiction() {
    let absurd = TensorRecord(name: "x", storageCount: Int.max, start: Int.max - 1, shape: [1], strides: [1])
    let sound = TensorRecord(name: "y", storageCount: 6, shape: [6], strides: [1])
    let legacy = CheckpointWriter.torchLegacy(
      pickle: PickleWriter.stateDictionary([absurd, sound], legacy: true),
      storages: [("0", 6, CheckpointTests.weightBytes)])
    #expect(message(legacy).contains("the numbers of x lie outside their storage"))
  }

  @Test("a million nested tuples and a list that holds itself end in a sentence")
  func nesting() {
    let nested = [0x80, 2, 0x29] + [UInt8](repeating: 0x85, count: 1_000_000) + [0x2E]
    #expect(message(zip(pickle: nested)).contains("deeply nested"))
    let cycle: [UInt8] = [0x80, 2, 0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E]
    #expect(message(zip(pickle: cycle)).contains("deeply nested"))
    #expect(message(zip(pickle: [0x80, 2, 0x28, 0x28, 0x74, 0x30, 0x74, 0x30, 0x30, 0x2E])).contains("stack is empty"))
  }

  @Test("many tensors that share one storage cannot exhaust memory")
  func sharing() {
    let count = 4096
    let record = TensorRecord(name: "x", storageCount: count, shape: [count], strides: [1])
    var writer = PickleWriter()
    writer.opcode("]")
    writer.opcode("(")
    writer.tensor(record, legacy: false)
    writer.raw([0x71, 1])
    for _ in 0..<20_000 { writer.raw([0x68, 1]) }
    writer.opcode("e")
    writer.opcode(".")
    let storage = [UInt8](repeating: 0, count: count * 4)
    let text = message(CheckpointWriter.torchZip(pickle: writer.bytes, storages: [("0", storage)]))
    #expect(text.contains("more numbers than it holds"))
  }

  @Test(
    "damaged safetensors headers",
    arguments: [
      #"{"x":{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}}"#,
      #"{"x":{"dtype":"F32","shape":[4611686018427387904,4,4],"data_offsets":[0,24]}}"#,
      #"{"x":{"dtype":"F32","shape":[6],"data_offsets":[24,48]}}"#,
      #"{"x":{"dtype":"F32","shape":[-6],"data_offsets":[0,24]}}"#,
      #"{"x":{"dtype":"F8_E4M3","shape":[24],"data_offsets":[0,24]}}"#,
      #"{"x":{"dtype":"F32","shape":[6],"data_offsets":[0,24]},"y":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}}"#,
      #"{"x":{"dtype":"F32","shape":[1e99],"data_offsets":[0,24]}}"#, #"{"x":[1,2]}"#, #"{"x""#, "{}",
      "{\"x\":" + String(repeating: "[", count: 100_000),
    ])
  func safetensors(header: String) {
    let text = message(CheckpointWriter.safetensors(header: header, data: CheckpointTests.weightBytes))
    #expect(text.hasPrefix("file") && text.hasSuffix("."), "\(text)")
  }

  @Test("other files")
  func others() {
    #expect(message(Array("no checkpoint at all".utf8)).contains("is not a checkpoint that can be read"))
    #expect(message([]).contains("is not a checkpoint"))
    #expect(message([0x80, 4, 0x4B, 1, 0x2E]).contains("not one that torch.save wrote"))
    #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: "/no/such/file") }
  }

  @Test(
    "cut or damaged anywhere, a file gives tensors or a sentence",
    arguments: [
      CheckpointTests.zipFile, CheckpointTests.legacyFile, CheckpointTests.safetensorsFile, CheckpointTests.npzFile,
    ])
  func damage(file: [UInt8]) {
    for length in 0..<file.count {
      #expect(message(Array(file[..<length])).count > 10, "cut to \(length) bytes")
    }
    var generator = SplitMix(state: 7)
    var errors = 0
    for _ in 0..<4000 {
      var damaged = file
      for _ in 0...Int.random(in: 0..<3, using: &generator) {
        damaged[Int.random(in: 0..<file.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      if message(damaged) != "no error" { errors += 1 }
    }
    #expect(errors > 1000)
  }
}

/// Steele, Lea and Flood's generator: the same numbers on every run.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

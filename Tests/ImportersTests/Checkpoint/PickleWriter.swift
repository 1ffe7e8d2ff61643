/// Writes the few pickle opcodes that torch.save uses, so that tests can make archives, sound and hostile.
struct PickleWriter {
  private(set) var bytes: [UInt8] = [0x80, 2]

  mutating func opcode(_ character: Character) { bytes.append(character.asciiValue!) }
  mutating func raw(_ values: [UInt8]) { bytes += values }

  mutating func integer(_ value: Int) {
    if (0..<256).contains(value) {
      bytes += [0x4B, UInt8(value)]
    } else if (0..<65536).contains(value) {
      bytes += [0x4D] + littleEndian(UInt16(value))
    } else if Int32(exactly: value) != nil {
      bytes += [0x4A] + littleEndian(UInt32(bitPattern: Int32(value)))
    } else {
      bytes += [0x8A, 8] + littleEndian(UInt64(bitPattern: Int64(value)))
    }
  }

  mutating func text(_ value: String) { bytes += [0x58] + littleEndian(UInt32(value.utf8.count)) + value.utf8 }
  mutating func global(_ module: String, _ name: String) { bytes += "c\(module)\n\(name)\n".utf8 }
  mutating func boolean(_ value: Bool) { bytes.append(value ? 0x88 : 0x89) }

  mutating func integers(_ values: [Int]) {
    opcode("(")
    for value in values { integer(value) }
    opcode("t")
  }

  mutating func emptyOrderedDictionary() {
    global("collections", "OrderedDict")
    opcode(")")
    opcode("R")
  }

  /// One `_rebuild_tensor_v2` record, wrapped as a parameter or not.
  mutating func tensor(_ tensor: TensorRecord, legacy: Bool) {
    if tensor.isParameter {
      global("torch._utils", "_rebuild_parameter")
      opcode("(")
    }
    global("torch._utils", "_rebuild_tensor_v2")
    opcode("(")
    opcode("(")
    text("storage")
    global("torch", tensor.storageClass)
    text(tensor.key)
    text("cpu")
    integer(tensor.storageCount)
    if legacy { opcode("N") }
    opcode("t")
    opcode("Q")
    integer(tensor.start)
    integers(tensor.shape)
    integers(tensor.strides)
    boolean(false)
    emptyOrderedDictionary()
    opcode("t")
    opcode("R")
    if tensor.isParameter {
      boolean(true)
      emptyOrderedDictionary()
      opcode("t")
      opcode("R")
    }
  }

  /// The state dictionary with its version metadata, as `model.state_dict()` pickles it.
  static func stateDictionary(_ tensors: [TensorRecord], legacy: Bool) -> [UInt8] {
    var writer = PickleWriter()
    writer.emptyOrderedDictionary()
    writer.raw([0x71, 0])
    writer.opcode("(")
    for tensor in tensors {
      writer.text(tensor.name)
      writer.tensor(tensor, legacy: legacy)
    }
    writer.opcode("u")
    writer.opcode("}")
    writer.text("_metadata")
    writer.emptyOrderedDictionary()
    writer.opcode("s")
    writer.opcode("b")
    writer.opcode(".")
    return writer.bytes
  }
}

/// What a test wants a pickle to say about one tensor.
struct TensorRecord {
  var name: String
  var key = "0"
  var storageClass = "FloatStorage"
  var storageCount: Int
  var start = 0
  var shape: [Int]
  var strides: [Int]
  var isParameter = false
}

func littleEndian<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
  (0..<Integer.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

func littleEndian(_ values: [Float]) -> [UInt8] { values.flatMap { littleEndian($0.bitPattern) } }

import CShim
import Martlet
import ModelAttack

/// Writes packed models for tests, valid or not: the smallest serializer that the format allows.
struct ModelWriter {
  var tensors: [TensorRecord] = []
  var operators: [OperatorRecord] = []
  var operands: [UInt32] = []
  var inputs: [UInt32] = []
  var outputs: [UInt32] = []
  var weights: [UInt8] = []
  var channels: [UInt8] = []
  var tables: [UInt8] = []
  var text: [UInt8] = []
  var labels = ""
  var provenance = ""
  var preprocessing: PreprocessingRecord?
  var selfTest: [UInt8] = []
  var turns: [TurnRecord] = []
  var arenaBytes = 0

  /// Adds a tensor at its own place behind all others.
  mutating func tensor(
    _ height: Int, _ width: Int, _ channels: Int, scale: Float = 0.05, zeroPoint: Int = -3, element: ElementType = .int8
  ) -> Int {
    let bytes = Int(element.byteCount)
    var record = TensorRecord()
    record.elementType = element.rawValue
    record.height = Int32(height)
    record.width = Int32(width)
    record.channels = Int32(channels)
    record.rowsHeld = Int32(height)
    record.pixelPitchBytes = UInt32(channels * bytes)
    record.rowPitchBytes = UInt32(width * channels * bytes)
    record.scale = scale
    record.zeroPoint = element == .int8 ? Int32(zeroPoint) : 0
    record.arenaOffset = UInt32(arenaBytes)
    record.name = name("tensor\(tensors.count)")
    arenaBytes += (height * width * channels * bytes + 64 + 63) / 64 * 64
    tensors.append(record)
    return tensors.count - 1
  }

  /// Adds an operator and gives it the scratch that it asks for.
  mutating func add(
    _ code: UInt32, _ inputs: [Int], _ output: Int, _ parameters: [Int32] = [], weights: [Int8] = [],
    channels: [martlet_channel_block] = [], table: [UInt8] = []
  ) {
    var record = OperatorRecord()
    record.code = code
    record.name = name("operator\(operators.count)")
    record.firstInput = UInt32(operands.count)
    record.inputCount = UInt32(inputs.count)
    record.output = UInt32(output)
    for (index, parameter) in parameters.enumerated() { record.parameters[index] = parameter }
    operands += inputs.map(UInt32.init)
    record.weights = Self.append(weights.map { UInt8(bitPattern: $0) }, to: &self.weights)
    record.channels = Self.append(
      channels.flatMap { block in withUnsafeBytes(of: block) { Array($0) } }, to: &self.channels)
    record.table = Self.append(table, to: &tables)
    let records = inputs.map { tensors[$0] }
    let scratch = Every.scratchBytes(record, inputs: records.span, output: tensors[output])
    record.scratchOffset = UInt32(arenaBytes)
    record.scratchBytes = UInt32((scratch + 63) / 64 * 64)
    arenaBytes += Int(record.scratchBytes)
    operators.append(record)
  }

  /// The file.
  func bytes() -> [UInt8] {
    var header = Header()
    header.arenaBytes = UInt64(arenaBytes)
    header.firstInput = UInt32(operands.count)
    header.inputCount = UInt32(inputs.count)
    header.firstOutput = UInt32(operands.count + inputs.count)
    header.outputCount = UInt32(outputs.count)
    var file = [UInt8](repeating: 0, count: Header.byteCount)
    header[.tensors] = Self.append(tensors.flatMap(Self.raw), to: &file)
    header[.operators] = Self.append(operators.flatMap(Self.raw), to: &file)
    header[.operands] = Self.append((operands + inputs + outputs).flatMap(Self.raw), to: &file)
    header[.weights] = Self.append(weights, to: &file)
    header[.channels] = Self.append(channels, to: &file)
    header[.tables] = Self.append(tables, to: &file)
    header[.text] = Self.append(text, to: &file)
    header[.labels] = Self.append(Array(labels.utf8), to: &file)
    header[.preprocessing] = Self.append(preprocessing.map(Self.raw) ?? [], to: &file)
    header[.provenance] = Self.append(Array(provenance.utf8), to: &file)
    header[.selfTest] = Self.append(selfTest, to: &file)
    header[.schedule] = Self.append(turns.flatMap(Self.raw), to: &file)
    header.fileBytes = UInt64(file.count)
    file.replaceSubrange(0..<Header.byteCount, with: Self.raw(header))
    return sealed(file)
  }

  /// Stores a little-endian word.
  static func put(_ word: UInt32, at offset: Int, in file: inout [UInt8]) {
    for byte in 0..<4 { file[offset + byte] = UInt8(truncatingIfNeeded: word >> (8 * byte)) }
  }

  /// Loads a little-endian word.
  static func word(at offset: Int, in file: [UInt8]) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(file[offset + $1]) << (8 * $1) }
  }

  static func raw<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

  private static func append(_ bytes: [UInt8], to section: inout [UInt8]) -> Extent {
    guard !bytes.isEmpty else { return Extent() }
    while section.count % 64 != 0 { section.append(0) }
    defer { section += bytes }
    return Extent(offset: UInt32(section.count), bytes: UInt32(bytes.count))
  }

  private mutating func name(_ name: String) -> Extent {
    defer { text += Array(name.utf8) }
    return Extent(offset: UInt32(text.count), bytes: UInt32(name.utf8.count))
  }
}

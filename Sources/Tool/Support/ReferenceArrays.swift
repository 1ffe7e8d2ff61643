import Archives

/// Another program's tensors, examples stacked.
struct ReferenceArrays {
  private let file: String
  private let arrays: [String: NumpyArray]

  /// Reads an archive of arrays (.npz).
  init(_ file: String) throws {
    self.file = file
    arrays = Dictionary(try NumpyArray.archive(contentsOf: file).map { ($0.name, $0.array) }, uniquingKeysWith: { $1 })
  }

  /// The arrays of integers of at most 32 bits.
  var integerNames: [String] { arrays.filter { !$0.value.element.isFloat && $0.value.element.bytes <= 4 }.map(\.key) }

  /// How many examples the arrays of a network's inputs hold.
  /// - Throws: a sentence when there is no such array, or not a whole number of examples in each.
  func examples(inputs: [String], sizes: [Int]) throws -> Int {
    let counts = try zip(inputs, sizes).map { name, size in
      let count = try array(name).count
      guard count > 0, count % size == 0 else {
        throw ToolError("\(file): the array '\(name)' has \(count) numbers; the input takes \(size) an example.")
      }
      return count / size
    }
    guard let first = counts.first, counts.allSatisfy({ $0 == first }) else {
      throw ToolError("\(file): the arrays of the inputs hold different numbers of examples: \(counts).")
    }
    return first
  }

  /// One of `count` examples as integers; unsigned bytes less 128.
  func integers(_ name: String, _ example: Int, of count: Int) throws -> [Int32] {
    let part = try part(name, example, of: count)
    switch part.element {
    case .int8: return part.bytes.map { Int32(Int8(bitPattern: $0)) }
    case .uint8: return part.bytes.map { Int32($0) - 128 }
    default:
      guard let values = part.integers() else {
        throw ToolError("\(file): the array '\(name)' has numbers of \(part.element), but the network takes integers.")
      }
      return values.map { Int32(clamping: $0) }
    }
  }

  /// One of `count` examples as floats.
  func floats(_ name: String, _ example: Int, of count: Int) throws -> [Float] {
    try part(name, example, of: count).floats()
  }

  /// One of `count` examples.
  private func part(_ name: String, _ example: Int, of count: Int) throws -> NumpyArray {
    let array = try self.array(name)
    let size = array.count / count
    let bytes = Array(array.bytes[example * size * array.element.bytes..<(example + 1) * size * array.element.bytes])
    guard let part = NumpyArray(shape: [size], element: array.element, bytes: bytes) else {
      throw ToolError("\(file): the array '\(name)' has no example \(example).")
    }
    return part
  }

  private func array(_ name: String) throws -> NumpyArray {
    guard let array = arrays[name] else {
      throw ToolError("\(file) has no array '\(name)': store each tensor under its name in the network.")
    }
    return array
  }
}

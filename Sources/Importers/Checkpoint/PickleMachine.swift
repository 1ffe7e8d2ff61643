import Archives

/// Interprets the pickles of a torch archive: a stack machine over an allow-list of opcodes (protocols 2 to 5).
///
/// The opcodes are those of Python's `pickletools`. Work and memory are linear in the bytes of the pickle.
struct PickleMachine {
  let source: ByteSource
  /// Of the next opcode; after `run`, of the first byte behind the pickle.
  var offset: Int
  /// Elements of lists, tuples and dictionaries.
  private(set) var containers: [[PickleValue]] = []
  /// Storages that persistent identifiers named.
  var storages: [TorchStorage] = []
  /// Tensors that were rebuilt.
  var tensors: [TorchTensor] = []
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  init(_ source: ByteSource, offset: Int = 0) {
    self.source = source
    self.offset = offset
  }

  /// Runs one pickle to its end and gives its object.
  mutating func run() throws(CheckpointError) -> PickleValue {
    stack = []
    marks = []
    memo = [:]
    while true {
      let opcode = try byte()
      if opcode == Opcode.stop { return try pop() }
      if try runLiteral(opcode) { continue }
      if try runStructure(opcode) { continue }
      try runConstruction(opcode)
    }
  }

  func fail(_ reason: String) -> CheckpointError {
    CheckpointError("\(source.name) is not a readable checkpoint: \(reason) (pickle, byte \(offset)).")
  }

  func elements(_ value: PickleValue) -> [PickleValue]? {
    switch value {
    case .list(let index), .tuple(let index), .dictionary(let index): containers[index]
    default: nil
    }
  }

  // MARK: numbers and text

  private mutating func runLiteral(_ opcode: UInt8) throws(CheckpointError) -> Bool {
    switch opcode {
    case Opcode.none: stack.append(.none)
    case Opcode.newTrue: stack.append(.boolean(true))
    case Opcode.newFalse: stack.append(.boolean(false))
    case Opcode.int4: stack.append(.integer(Int(try integer(Int32.self))))
    case Opcode.int1: stack.append(.integer(Int(try byte())))
    case Opcode.int2: stack.append(.integer(Int(try integer(UInt16.self))))
    case Opcode.long1: stack.append(long(try bytes(Int(try byte()))))
    case Opcode.float8: stack.append(.real(Double(bitPattern: try integer(UInt64.self).byteSwapped)))
    case Opcode.text1: stack.append(.text(try text(Int(try byte()))))
    case Opcode.text4, Opcode.string4: stack.append(.text(try text(Int(try integer(UInt32.self)))))
    case Opcode.string1: stack.append(.text(try text(Int(try byte()))))
    case Opcode.text8: stack.append(.text(try text(Int(clamping: try integer(UInt64.self)))))
    case Opcode.bytes1: stack.append(.bytes(try bytes(Int(try byte()))))
    case Opcode.bytes4: stack.append(.bytes(try bytes(Int(try integer(UInt32.self)))))
    default: return false
    }
    return true
  }

  private func long(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .bytes(bytes) }
    var value: Int64 = bytes.last.map { $0 >= 128 } == true ? -1 : 0
    for byte in bytes.reversed() { value = value << 8 | Int64(byte) }
    return .integer(Int(value))
  }

  // MARK: stack, memo and containers

  private mutating func runStructure(_ opcode: UInt8) throws(CheckpointError) -> Bool {
    switch opcode {
    case Opcode.proto:
      guard (2...5).contains(try byte()) else { throw fail("only pickle protocols 2 to 5 are read") }
    case Opcode.frame: _ = try integer(UInt64.self)
    case Opcode.mark: marks.append(stack.count)
    case Opcode.pop: _ = try pop()
    case Opcode.popMark: _ = try popToMark()
    case Opcode.duplicate: stack.append(try top())
    case Opcode.get1: stack.append(try recall(Int(try byte())))
    case Opcode.get4: stack.append(try recall(Int(try integer(UInt32.self))))
    case Opcode.put1: memo[Int(try byte())] = try top()
    case Opcode.put4: memo[Int(try integer(UInt32.self))] = try top()
    case Opcode.memoize: memo[memo.count] = try top()
    case Opcode.emptyTuple: stack.append(.tuple(container([])))
    case Opcode.tuple1: try pushTuple(1)
    case Opcode.tuple2: try pushTuple(2)
    case Opcode.tuple3: try pushTuple(3)
    case Opcode.tuple: stack.append(.tuple(container(try popToMark())))
    case Opcode.emptyList: stack.append(.list(container([])))
    case Opcode.list: stack.append(.list(container(try popToMark())))
    case Opcode.append: try extendList([try pop()])
    case Opcode.appends: try extendList(try popToMark())
    case Opcode.emptyDictionary: stack.append(.dictionary(container([])))
    case Opcode.dictionary:
      stack.append(.dictionary(container([])))
      let new = try pop()
      let elements = try popToMark()
      stack.append(new)
      try extendDictionary(elements)
    case Opcode.setItem:
      let value = try pop()
      try extendDictionary([try pop(), value])
    case Opcode.setItems: try extendDictionary(try popToMark())
    default: return false
    }
    return true
  }

  private mutating func pushTuple(_ count: Int) throws(CheckpointError) {
    guard stack.count >= count else { throw fail("its stack is empty") }
    let elements = Array(stack.suffix(count))
    stack.removeLast(count)
    stack.append(.tuple(container(elements)))
  }

  private mutating func extendList(_ elements: [PickleValue]) throws(CheckpointError) {
    guard case .list(let index) = try top() else { throw fail("it appends to something that is no list") }
    containers[index] += elements
  }

  private mutating func extendDictionary(_ elements: [PickleValue]) throws(CheckpointError) {
    guard case .dictionary(let index) = try top(), elements.count.isMultiple(of: 2) else {
      throw fail("it sets items of something that is no dictionary")
    }
    containers[index] += elements
  }

  mutating func container(_ elements: [PickleValue]) -> Int {
    containers.append(elements)
    return containers.count - 1
  }

  mutating func push(_ value: PickleValue) { stack.append(value) }

  mutating func pop() throws(CheckpointError) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw fail("its stack is empty") }
    return value
  }

  private func top() throws(CheckpointError) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else { throw fail("its stack is empty") }
    return value
  }

  private mutating func popToMark() throws(CheckpointError) -> [PickleValue] {
    guard let mark = marks.popLast(), mark <= stack.count else { throw fail("a mark is missing") }
    let elements = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return elements
  }

  private func recall(_ index: Int) throws(CheckpointError) -> PickleValue {
    guard let value = memo[index] else { throw fail("it recalls object \(index), which was not stored") }
    return value
  }

  // MARK: bytes

  private mutating func byte() throws(CheckpointError) -> UInt8 { try integer(UInt8.self) }

  private mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type
  ) throws(CheckpointError) -> Integer {
    guard let value = source.littleEndian(type, at: offset) else { throw fail("it ends in the middle") }
    offset += MemoryLayout<Integer>.size
    return value
  }

  private mutating func bytes(_ count: Int) throws(CheckpointError) -> [UInt8] {
    guard let bytes = source.bytes(at: offset, count: count) else { throw fail("it ends in the middle") }
    offset += count
    return bytes
  }

  private mutating func text(_ count: Int) throws(CheckpointError) -> String {
    String(decoding: try bytes(count), as: UTF8.self)
  }

  /// The text up to the next line feed, which is skipped.
  mutating func line() throws(CheckpointError) -> String {
    var bytes: [UInt8] = []
    while true {
      let next = try byte()
      if next == 0x0A { return String(decoding: bytes, as: UTF8.self) }
      guard bytes.count < 1024 else { throw fail("a name is longer than 1024 bytes") }
      bytes.append(next)
    }
  }
}

/// The allowed opcodes, by what they do; Python's names are in `pickletools`.
private enum Opcode {
  static let stop = UInt8(ascii: ".")
  static let none = UInt8(ascii: "N")
  static let newTrue: UInt8 = 0x88
  static let newFalse: UInt8 = 0x89
  static let int4 = UInt8(ascii: "J")
  static let int1 = UInt8(ascii: "K")
  static let int2 = UInt8(ascii: "M")
  static let long1: UInt8 = 0x8A
  static let float8 = UInt8(ascii: "G")
  static let text1: UInt8 = 0x8C
  static let text4 = UInt8(ascii: "X")
  static let text8: UInt8 = 0x8D
  static let string1 = UInt8(ascii: "U")
  static let string4 = UInt8(ascii: "T")
  static let bytes1 = UInt8(ascii: "C")
  static let bytes4 = UInt8(ascii: "B")
  static let proto: UInt8 = 0x80
  static let frame: UInt8 = 0x95
  static let mark = UInt8(ascii: "(")
  static let pop = UInt8(ascii: "0")
  static let popMark = UInt8(ascii: "1")
  static let duplicate = UInt8(ascii: "2")
  static let get1 = UInt8(ascii: "h")
  static let get4 = UInt8(ascii: "j")
  static let put1 = UInt8(ascii: "q")
  static let put4 = UInt8(ascii: "r")
  static let memoize: UInt8 = 0x94
  static let emptyTuple = UInt8(ascii: ")")
  static let tuple1: UInt8 = 0x85
  static let tuple2: UInt8 = 0x86
  static let tuple3: UInt8 = 0x87
  static let tuple = UInt8(ascii: "t")
  static let emptyList = UInt8(ascii: "]")
  static let list = UInt8(ascii: "l")
  static let append = UInt8(ascii: "a")
  static let appends = UInt8(ascii: "e")
  static let emptyDictionary = UInt8(ascii: "}")
  static let dictionary = UInt8(ascii: "d")
  static let setItem = UInt8(ascii: "s")
  static let setItems = UInt8(ascii: "u")
}

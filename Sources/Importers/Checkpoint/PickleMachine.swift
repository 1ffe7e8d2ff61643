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
      if opcode == PickleOpcode.stop { return try pop() }
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
    case PickleOpcode.none: stack.append(.none)
    case PickleOpcode.newTrue: stack.append(.boolean(true))
    case PickleOpcode.newFalse: stack.append(.boolean(false))
    case PickleOpcode.int4: stack.append(.integer(Int(try integer(Int32.self))))
    case PickleOpcode.int1: stack.append(.integer(Int(try byte())))
    case PickleOpcode.int2: stack.append(.integer(Int(try integer(UInt16.self))))
    case PickleOpcode.long1: stack.append(long(try bytes(Int(try byte()))))
    case PickleOpcode.float8: stack.append(.real(Double(bitPattern: try integer(UInt64.self).byteSwapped)))
    case PickleOpcode.text1: stack.append(.text(try text(Int(try byte()))))
    case PickleOpcode.text4, PickleOpcode.string4: stack.append(.text(try text(Int(try integer(UInt32.self)))))
    case PickleOpcode.string1: stack.append(.text(try text(Int(try byte()))))
    case PickleOpcode.text8: stack.append(.text(try text(Int(clamping: try integer(UInt64.self)))))
    case PickleOpcode.bytes1: stack.append(.bytes(try bytes(Int(try byte()))))
    case PickleOpcode.bytes4: stack.append(.bytes(try bytes(Int(try integer(UInt32.self)))))
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
    case PickleOpcode.proto:
      guard (2...5).contains(try byte()) else { throw fail("only pickle protocols 2 to 5 are read") }
    case PickleOpcode.frame: _ = try integer(UInt64.self)
    case PickleOpcode.mark: marks.append(stack.count)
    case PickleOpcode.pop: _ = try pop()
    case PickleOpcode.popMark: _ = try popToMark()
    case PickleOpcode.duplicate: stack.append(try top())
    case PickleOpcode.get1: stack.append(try recall(Int(try byte())))
    case PickleOpcode.get4: stack.append(try recall(Int(try integer(UInt32.self))))
    case PickleOpcode.put1: memo[Int(try byte())] = try top()
    case PickleOpcode.put4: memo[Int(try integer(UInt32.self))] = try top()
    case PickleOpcode.memoize: memo[memo.count] = try top()
    case PickleOpcode.emptyTuple: stack.append(.tuple(container([])))
    case PickleOpcode.tuple1: try pushTuple(1)
    case PickleOpcode.tuple2: try pushTuple(2)
    case PickleOpcode.tuple3: try pushTuple(3)
    case PickleOpcode.tuple: stack.append(.tuple(container(try popToMark())))
    case PickleOpcode.emptyList: stack.append(.list(container([])))
    case PickleOpcode.list: stack.append(.list(container(try popToMark())))
    case PickleOpcode.append: try extendList([try pop()])
    case PickleOpcode.appends: try extendList(try popToMark())
    case PickleOpcode.emptyDictionary: stack.append(.dictionary(container([])))
    case PickleOpcode.dictionary:
      stack.append(.dictionary(container([])))
      let new = try pop()
      let elements = try popToMark()
      stack.append(new)
      try extendDictionary(elements)
    case PickleOpcode.setItem:
      let value = try pop()
      try extendDictionary([try pop(), value])
    case PickleOpcode.setItems: try extendDictionary(try popToMark())
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
}

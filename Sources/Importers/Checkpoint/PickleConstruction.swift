import Archives

extension PickleMachine {
  /// The opcodes that name and make objects: the only place where a pickle could ask for code to be run.
  mutating func runConstruction(_ opcode: UInt8) throws(CheckpointError) {
    switch opcode {
    case PickleOpcode.global:
      let module = try line()
      push(.global(try global(module, try line())))
    case PickleOpcode.stackGlobal:
      guard let name = try pop().text, let module = try pop().text else { throw fail("a global's name is no text") }
      push(.global(try global(module, name)))
    case PickleOpcode.reduce, PickleOpcode.newObject:
      let arguments = try pop()
      try construct(try pop(), arguments)
    case PickleOpcode.build:
      // The state of a state dictionary is its version metadata, which is not needed.
      let state = try pop()
      guard case .dictionary(let index) = try pop(), case .dictionary = state else {
        throw fail("it sets the state of something that is no dictionary")
      }
      push(.dictionary(index))
    case PickleOpcode.persistentIdentifier:
      push(.storage(try addStorage(try pop())))
    default:
      throw fail("opcode 0x\(String(opcode, radix: 16)) is not one that tensors need")
    }
  }

  private func global(_ module: String, _ name: String) throws(CheckpointError) -> PickleGlobal {
    if let known = PickleGlobal(rawValue: "\(module).\(name)") { return known }
    throw CheckpointError(
      "\(source.name) asks for \(module).\(name), which is refused: a checkpoint may hold only tensors, and nothing of "
        + "it was run. Save the weights alone, with torch.save(model.state_dict(), path) or as safetensors.")
  }

  private mutating func construct(_ callable: PickleValue, _ tuple: PickleValue) throws(CheckpointError) {
    guard case .global(let global) = callable, case .tuple = tuple, let arguments = elements(tuple) else {
      throw fail("it calls something that is no function")
    }
    switch global {
    case .orderedDictionary:
      push(.dictionary(container(try pairs(arguments))))
    case .size:
      guard arguments.count == 1, let sizes = elements(arguments[0]) else { throw fail("torch.Size is malformed") }
      push(.tuple(container(sizes)))
    case .rebuildTensor, .rebuildTensor2:
      guard arguments.count >= 4, case .storage(let storage) = arguments[0], let start = arguments[1].integer,
        let shape = integers(arguments[2]), let strides = integers(arguments[3])
      else { throw fail("a tensor's record is malformed") }
      let tensor = TorchTensor(storage: storage, start: start, shape: shape, strides: strides)
      if let problem = tensor.problem(storageCount: storages[storage].count) {
        throw fail("a tensor of shape \(shape) \(problem)")
      }
      tensors.append(tensor)
      push(.tensor(tensors.count - 1))
    case .rebuildParameter:
      guard let first = arguments.first, case .tensor = first else { throw fail("a parameter's record is malformed") }
      push(first)
    default:
      throw fail("it calls \(global.rawValue), which is no function")
    }
  }

  /// The items that `OrderedDict(...)` is given, as alternating keys and values.
  private func pairs(_ arguments: [PickleValue]) throws(CheckpointError) -> [PickleValue] {
    guard let first = arguments.first else { return [] }
    var items: [PickleValue] = []
    for pair in elements(first) ?? [] {
      guard let keyAndValue = elements(pair), keyAndValue.count == 2 else { throw fail("a dictionary is malformed") }
      items += keyAndValue
    }
    return items
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard let elements = elements(value), elements.count <= 16 else { return nil }
    let integers = elements.compactMap(\.integer)
    return integers.count == elements.count ? integers : nil
  }

  /// ("storage", class, key, device, count), and in older archives a view (key, start, count) of that storage.
  private mutating func addStorage(_ identifier: PickleValue) throws(CheckpointError) -> Int {
    guard case .tuple = identifier, let parts = elements(identifier), parts.count >= 5, parts[0].text == "storage",
      case .global(let storageClass) = parts[1], let type = storageClass.elementType, let key = parts[2].text,
      let count = parts[4].integer, count >= 0
    else { throw fail("it refers to something that is no storage of numbers") }
    var storage = TorchStorage(key: key, type: type, wholeCount: count, start: 0, count: count)
    if parts.count > 5, let view = elements(parts[5]) {
      guard view.count == 3, let start = view[1].integer, let viewCount = view[2].integer, start >= 0, viewCount >= 0,
        start <= count, viewCount <= count - start
      else { throw fail("a view of a storage lies outside it") }
      storage.start = start
      storage.count = viewCount
    }
    storages.append(storage)
    return storages.count - 1
  }
}

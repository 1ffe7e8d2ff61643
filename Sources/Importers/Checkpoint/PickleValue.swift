/// What a pickle may name: containers, and the records that tensors are saved as. The raw value is the Python name.
enum PickleGlobal: String, Sendable {
  case orderedDictionary = "collections.OrderedDict"
  case size = "torch.Size"
  case rebuildTensor = "torch._utils._rebuild_tensor"
  case rebuildTensor2 = "torch._utils._rebuild_tensor_v2"
  case rebuildParameter = "torch._utils._rebuild_parameter"
  case doubleStorage = "torch.DoubleStorage"
  case floatStorage = "torch.FloatStorage"
  case halfStorage = "torch.HalfStorage"
  case bfloat16Storage = "torch.BFloat16Storage"
  case longStorage = "torch.LongStorage"
  case intStorage = "torch.IntStorage"
  case shortStorage = "torch.ShortStorage"
  case charStorage = "torch.CharStorage"
  case byteStorage = "torch.ByteStorage"
  case boolStorage = "torch.BoolStorage"

  /// The element type of a storage class.
  var elementType: ElementType? {
    switch self {
    case .doubleStorage: .float64
    case .floatStorage: .float32
    case .halfStorage: .float16
    case .bfloat16Storage: .bfloat16
    case .longStorage: .int64
    case .intStorage: .int32
    case .shortStorage: .int16
    case .charStorage: .int8
    case .byteStorage: .uint8
    case .boolStorage: .boolean
    case .orderedDictionary, .size, .rebuildTensor, .rebuildTensor2, .rebuildParameter: nil
    }
  }
}

/// An object of a pickle. Containers are indices into the machine's tables, so that no value nests in another: a
/// hostile pickle can neither make a cycle that leaks nor a depth that exhausts the stack.
enum PickleValue: Sendable {
  case none
  case boolean(Bool)
  case integer(Int)
  case real(Double)
  case text(String)
  /// A byte string, or an integer of more than eight bytes (little-endian).
  case bytes([UInt8])
  case list(Int)
  case tuple(Int)
  /// Keys and values alternate.
  case dictionary(Int)
  case global(PickleGlobal)
  case storage(Int)
  case tensor(Int)

  var integer: Int? {
    if case .integer(let value) = self { value } else { nil }
  }

  var text: String? {
    if case .text(let value) = self { value } else { nil }
  }
}

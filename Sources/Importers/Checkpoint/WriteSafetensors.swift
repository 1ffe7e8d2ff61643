import Foundation
import Graph

extension Checkpoint {
  /// The bytes of a safetensors file with these tensors, in this order, as float32, and texts beside them.
  public static func safetensors(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:]
  ) throws -> Data {
    var (items, end): ([String: HeaderItem], Int) = ([:], 0)
    if !metadata.isEmpty { items["__metadata__"] = .metadata(metadata) }
    for (name, tensor) in tensors {
      items[name] = .tensor(shape: tensor.shape, dataOffsets: [end, end + 4 * tensor.count])
      end += 4 * tensor.count
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var header = try encoder.encode(items)
    // The tensors begin at a multiple of eight bytes.
    header += Data(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    var data = Data(capacity: 8 + header.count + end)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
    data += header
    for (_, tensor) in tensors {
      tensor.values.map(\.bitPattern.littleEndian).withUnsafeBytes { data.append(contentsOf: $0) }
    }
    return data
  }
}

/// One entry of the header.
private enum HeaderItem: Encodable {
  case metadata([String: String])
  case tensor(shape: [Int], dataOffsets: [Int])

  private enum CodingKeys: String, CodingKey {
    case dtype, shape
    case dataOffsets = "data_offsets"
  }

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .metadata(let texts): try texts.encode(to: encoder)
    case .tensor(let shape, let dataOffsets):
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode("F32", forKey: .dtype)
      try container.encode(shape, forKey: .shape)
      try container.encode(dataOffsets, forKey: .dataOffsets)
    }
  }
}

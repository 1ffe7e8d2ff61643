import Foundation
import Graph

extension Checkpoint {
  /// The bytes of a safetensors file with these tensors, in this order, as float32.
  public static func safetensors(_ tensors: [(name: String, tensor: Tensor)]) throws -> Data {
    struct Record: Encodable {
      let dtype = "F32"
      let shape: [Int]
      let dataOffsets: [Int]

      enum CodingKeys: String, CodingKey {
        case dtype, shape
        case dataOffsets = "data_offsets"
      }
    }
    var (records, end): ([String: Record], Int) = ([:], 0)
    for (name, tensor) in tensors {
      records[name] = Record(shape: tensor.shape, dataOffsets: [end, end + 4 * tensor.count])
      end += 4 * tensor.count
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var header = try encoder.encode(records)
    // The tensors begin at a multiple of eight bytes.
    header += Data(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    var data = Data()
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
    data += header
    for (_, tensor) in tensors {
      for value in tensor.values {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
      }
    }
    return data
  }
}

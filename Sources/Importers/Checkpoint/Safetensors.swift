import Archives
import Foundation
import Graph

/// The safetensors format: a 64-bit length, a JSON header of so many bytes (name → dtype, shape, data_offsets), and the
/// tensors' bytes, row-major and little-endian.
enum Safetensors {
  /// The format's own limit on the header.
  private static let headerLimit = 100_000_000

  private struct Record: Decodable {
    var dtype: String
    var shape: [Int]
    var dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }
  }

  /// A tensor's record, or text that the writer added.
  private enum Item: Decodable {
    case record(Record)
    case metadata([String: String])

    init(from decoder: any Decoder) throws {
      if decoder.codingPath.last?.stringValue == "__metadata__" {
        self = .metadata((try? [String: String](from: decoder)) ?? [:])
      } else {
        self = .record(try Record(from: decoder))
      }
    }
  }

  /// Whether the bytes begin with a header length that fits, and a header.
  static func recognizes(_ source: ByteSource) -> Bool {
    header(source) != nil && source[8] == UInt8(ascii: "{")
  }

  /// The tensors, and the texts that the writer added, by name.
  static func read(
    _ source: ByteSource
  ) throws(CheckpointError) -> (tensors: [(name: String, tensor: Tensor)], metadata: [String: String]) {
    guard let range = header(source), let bytes = source.bytes(at: range.lowerBound, count: range.count) else {
      throw CheckpointError("\(source.name) is cut off in its header.")
    }
    let items: [String: Item]
    do {
      items = try JSONDecoder().decode([String: Item].self, from: Data(bytes))
    } catch {
      throw CheckpointError("\(source.name) is damaged: its header is not the JSON that safetensors files begin with.")
    }
    let records = items.compactMap { name, item in
      if case .record(let record) = item { (name: name, record: record) } else { nil }
    }
    var metadata: [String: String] = [:]
    if case .metadata(let texts) = items["__metadata__"] { metadata = texts }
    var result: [(name: String, tensor: Tensor)] = []
    var end = 0
    let dataBytes = source.count - range.upperBound
    for (name, record) in records.sorted(by: { order($0) < order($1) }) {
      let (type, bytes) = try check(record, name: name, source)
      guard bytes.lowerBound >= end, bytes.upperBound <= dataBytes else {
        throw CheckpointError("\(source.name) is damaged: tensor \(name) lies outside the file or over another tensor.")
      }
      end = bytes.upperBound
      let first = range.upperBound + bytes.lowerBound
      let values = source.withUnsafeBytes {
        type.values(UnsafeRawBufferPointer(rebasing: $0[first..<first + bytes.count]))
      }
      result.append((name, Tensor(shape: record.shape, values: values)))
    }
    return (result, metadata)
  }

  private static func header(_ source: ByteSource) -> Range<Int>? {
    guard let length = source.littleEndian(UInt64.self, at: 0), length >= 2, length <= UInt64(headerLimit),
      Int(length) <= source.count - 8
    else { return nil }
    return 8..<8 + Int(length)
  }

  private static func order(_ item: (name: String, record: Record)) -> (Int, Int, String) {
    (item.record.dataOffsets.first ?? 0, item.record.dataOffsets.last ?? 0, item.name)
  }

  private static func check(
    _ record: Record, name: String, _ source: ByteSource
  ) throws(CheckpointError) -> (ElementType, Range<Int>) {
    guard let type = elementType(record.dtype) else {
      throw CheckpointError(
        "\(source.name): tensor \(name) has the element type \(record.dtype), which is not read; save it as F32.")
    }
    var count = 1
    for size in record.shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else {
        throw CheckpointError("\(source.name) is damaged: tensor \(name) has the shape \(record.shape).")
      }
      count = product
    }
    let offsets = record.dataOffsets
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1],
      count.multipliedReportingOverflow(by: type.byteCount) == (offsets[1] - offsets[0], false)
    else {
      throw CheckpointError("\(source.name) is damaged: the bytes of tensor \(name) do not match its shape.")
    }
    return (type, offsets[0]..<offsets[1])
  }

  private static func elementType(_ name: String) -> ElementType? {
    switch name {
    case "F64": .float64
    case "F32": .float32
    case "F16": .float16
    case "BF16": .bfloat16
    case "I64": .int64
    case "I32": .int32
    case "I16": .int16
    case "I8": .int8
    case "U8": .uint8
    case "BOOL": .boolean
    default: nil
    }
  }
}

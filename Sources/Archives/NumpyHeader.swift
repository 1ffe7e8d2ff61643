/// The text header of a .npy file: a Python dictionary of three keys.
struct NumpyHeader {
  var shape: [Int]
  var element: NumpyArray.Element
  var isFortranOrder: Bool

  init(_ text: String, name: String) throws(ArchiveError) {
    guard let type = Self.value(of: "descr", in: text)?.dropQuotes,
      let order = Self.value(of: "fortran_order", in: text),
      let extents = Self.tuple(of: "shape", in: text)
    else { throw ArchiveError("\(name) has a damaged .npy header.") }
    guard !type.hasPrefix(">"), let element = NumpyArray.Element(rawValue: String(type.drop { "<|=".contains($0) }))
    else {
      throw ArchiveError("\(name) holds numbers of type \(type); save it as little-endian float32, int8 or uint8.")
    }
    self.element = element
    isFortranOrder = order == "True"
    shape = extents
  }

  /// The text after `'key':`, up to the next comma or brace.
  private static func value(of key: String, in text: String) -> Substring? {
    guard let start = start(of: key, in: text) else { return nil }
    return text[start...].prefix { $0 != "," && $0 != "}" }.trimmed
  }

  private static func tuple(of key: String, in text: String) -> [Int]? {
    guard let start = start(of: key, in: text) else { return nil }
    let rest = text[start...].trimmed
    guard rest.first == "(", let end = rest.firstIndex(of: ")") else { return nil }
    var extents: [Int] = []
    for part in rest[rest.index(after: rest.startIndex)..<end].split(separator: ",") {
      if part.trimmed.isEmpty { continue }
      guard let extent = Int(part.trimmed), extent >= 0 else { return nil }
      extents.append(extent)
    }
    return extents
  }

  private static func start(of key: String, in text: String) -> String.Index? {
    for quote in ["'", "\""] {
      if let range = text.firstRange(of: quote + key + quote) {
        let rest = text[range.upperBound...].drop { $0 == " " }
        if rest.first == ":" { return rest.index(after: rest.startIndex) }
      }
    }
    return nil
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    var result = drop { $0.isWhitespace }
    while result.last?.isWhitespace == true { result.removeLast() }
    return result
  }

  fileprivate var dropQuotes: Substring? {
    guard count >= 2, let quote = first, quote == "'" || quote == "\"", last == quote else { return nil }
    return dropFirst().dropLast()
  }
}

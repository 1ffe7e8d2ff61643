import Archives

/// One file an item: pictures, or raw bytes.
struct FileItems: ItemSource {
  let kind: String
  let paths: [String]
  /// One label a path, or none at all.
  let labels: [Int]?
  let classNames: [String]
  let labelsAreOutputIndices: Bool

  var count: Int { paths.count }

  func content(_ index: Int) throws(DatasetError) -> Dataset.Content {
    let path = paths[index]
    if path.lowercased().hasSuffix(".npy") {
      let array = try rethrowing { () throws(ArchiveError) in try NumpyArray(contentsOf: path) }
      return NumpyItems.content(array)
    }
    if path.lowercased().hasSuffix(".bin") {
      let source = try rethrowing { () throws(ArchiveError) in try ByteSource(contentsOf: path) }
      return .bytes(source.bytes(at: 0, count: source.count) ?? [])
    }
    return .image(try Image(contentsOf: path))
  }

  func label(_ index: Int) -> Int? { labels?[index] }

  func name(_ index: Int) -> String { paths[index] }
}

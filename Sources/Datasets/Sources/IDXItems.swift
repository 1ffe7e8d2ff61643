import Archives

/// MNIST's format: pictures of N×H×W or N×H×W×C bytes in one file, labels in another, either compressed by gzip.
/// (Yann LeCun's description: two zero bytes, type 8, number of axes, big-endian extents, data.)
struct IDXItems: ItemSource {
  let kind = "IDX (MNIST)"
  private let imagesPath: String
  private let width: Int
  private let height: Int
  private let channels: Int
  private let images: IDXArray
  private let labels: IDXArray?

  let classNames: [String] = []
  let labelsAreOutputIndices = true
  var count: Int { images.shape[0] }

  init(imagesPath: String, labelsPath: String?) throws(DatasetError) {
    self.imagesPath = imagesPath
    images = try IDXArray(contentsOf: imagesPath)
    guard 3...4 ~= images.shape.count, images.shape.count == 3 || [1, 3].contains(images.shape[3]),
      !images.shape.contains(0)
    else { throw DatasetError("\(imagesPath) holds an array of shape \(images.shape), not pictures.") }
    (height, width) = (images.shape[1], images.shape[2])
    channels = images.shape.count == 3 ? 1 : images.shape[3]
    labels = try labelsPath.map { path throws(DatasetError) in try IDXArray(contentsOf: path) }
    if let labels, let labelsPath, labels.shape != [images.shape[0]] {
      throw DatasetError(
        "\(labelsPath) holds labels of shape \(labels.shape), but there are \(images.shape[0]) pictures.")
    }
  }

  func content(_ index: Int) throws(DatasetError) -> Dataset.Content {
    let size = width * height * channels
    guard let pixels = images.bytes(at: index * size, count: size) else {
      throw DatasetError("\(imagesPath) has no picture \(index).")
    }
    return .image(Image(uncheckedWidth: width, height: height, channels: channels, pixels: pixels))
  }

  func label(_ index: Int) -> Int? { labels?.bytes(at: index, count: 1).map { Int($0[0]) } }

  func name(_ index: Int) -> String { "\(imagesPath)[\(index)]" }
}

/// An IDX file of bytes.
struct IDXArray: Sendable {
  let shape: [Int]
  private let source: ByteSource
  private let start: Int

  static func isIDX(_ source: ByteSource) -> Bool {
    source[0] == 0 && source[1] == 0 && source[2] == 8 && (1...4).contains(source[3] ?? 0)
  }

  init(contentsOf path: String) throws(DatasetError) {
    var source = try rethrowing { () throws(ArchiveError) in try ByteSource(contentsOf: path) }
    if source.starts(with: Inflate.gzipMagic) {
      let packed = source
      source = ByteSource(try rethrowing { () throws(ArchiveError) in try Inflate.gzip(packed) }, name: path)
    }
    try self.init(source)
  }

  init(_ source: ByteSource) throws(DatasetError) {
    guard Self.isIDX(source), let axes = source[3] else {
      throw DatasetError("\(source.name) is not an IDX file of bytes.")
    }
    var shape: [Int] = []
    var size = 1
    for axis in 0..<Int(axes) {
      guard let extent = source.bigEndian(UInt32.self, at: 4 + 4 * axis) else {
        throw DatasetError("\(source.name) ends in its header: fetch it again.")
      }
      shape.append(Int(extent))
      let product = size.multipliedReportingOverflow(by: Int(extent))
      guard !product.overflow else { throw DatasetError("\(source.name) states an impossible shape.") }
      size = product.partialValue
    }
    start = 4 + 4 * Int(axes)
    guard size == source.count - start else {
      throw DatasetError(
        "\(source.name) states the shape \(shape), but holds \(source.count - start) bytes: fetch it again.")
    }
    (self.shape, self.source) = (shape, source)
  }

  func bytes(at offset: Int, count: Int) -> [UInt8]? { source.bytes(at: start + offset, count: count) }
}

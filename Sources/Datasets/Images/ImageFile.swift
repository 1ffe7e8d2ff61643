import Archives
import CHost

extension Image {
  /// The formats that Martlet reads.
  public enum Format: String, Sendable {
    case jpeg = "JPEG"
    case png = "PNG"
    case bmp = "BMP"
    case ppm = "PPM"
  }

  /// The format, by the file's first bytes; nil for any other.
  public static func format(of source: ByteSource) -> Format? {
    if source.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
    if source.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
    if source.starts(with: Array("BM".utf8)) { return .bmp }
    return PortableAnymap.isPortableAnymap(source) ? .ppm : nil
  }

  /// Reads the picture file at `path`: JPEG, PNG, BMP or PPM, decided by its contents.
  ///
  /// Transparency is ignored and stored rotation (EXIF) is not applied, both as in Pillow's `convert("RGB")`. Throws
  /// for anything that is not a whole picture of at most `greatestPixelCount` pixels.
  public init(contentsOf path: String) throws(DatasetError) {
    let source: ByteSource
    do throws(ArchiveError) {
      source = try ByteSource(contentsOf: path)
    } catch {
      throw DatasetError(error.description)
    }
    try self.init(source)
  }

  /// Reads a picture file, as `init(contentsOf:)` does.
  public init(_ source: ByteSource) throws(DatasetError) {
    switch Image.format(of: source) {
    case .jpeg: self = try CompressedImage.jpeg(source)
    case .png: self = try CompressedImage.png(source)
    case .bmp: self = try Bitmap(source).image()
    case .ppm: self = try PortableAnymap(source).image()
    case nil:
      throw DatasetError("\(source.name) is not an image that Martlet reads (JPEG, PNG, BMP, PPM).")
    }
  }

  /// Pictures of fewer pixels take no more memory than what any request or command takes anyway.
  private static let smallPixelCount = 1 << 18

  /// Checks extents that a file states, and that the system has memory for them, before any is taken.
  static func check(width: Int, height: Int, name: String) throws(DatasetError) {
    guard width > 0, height > 0 else { throw DatasetError("\(name) is damaged: it states \(width)×\(height) pixels.") }
    guard width <= greatestPixelCount / height else {
      throw DatasetError(
        "\(name) states \(width)×\(height) pixels; more than \(greatestPixelCount / 1_000_000) million are refused.")
    }
    // Three samples a pixel, and what decoding keeps of them besides.
    guard width * height < smallPixelCount || martlet_host_has_memory(6 * width * height) != 0 else {
      throw DatasetError(
        "\(name) has \(width)×\(height) pixels, for which there is not enough memory at this moment; take a smaller picture, "
          + "or raise the limit (ulimit -v).", lacksMemory: true)
    }
  }
}

import Archives
import Graph

/// The named tensors of a trained network, as its training program saved them: every element type becomes float32.
///
/// Layouts are the file's own (PyTorch convolutions: OC×IC×KH×KW); `Architectures` knows how to lay them out anew.
public struct Checkpoint: Sendable {
  /// Names and values in the file's order.
  public var tensors: [(name: String, tensor: Tensor)]
  /// Texts beside them, by name; only safetensors files have some.
  public var metadata: [String: String] = [:]

  /// Reads a checkpoint; the content decides the format, not the file's name: torch archives (zip, or the older
  /// sequence of pickles), `.safetensors`, `.npz` or `.npy`.
  ///
  /// A pickle is interpreted by a small machine that knows containers, numbers, text and tensor records. Nothing that
  /// it asks for is ever run, and anything else is refused by name.
  /// - Throws: a sentence naming the file and the reason when it is absent, damaged, or holds anything but tensors.
  public init(contentsOf path: String) throws(CheckpointError) {
    let source: ByteSource
    do throws(ArchiveError) {
      source = try ByteSource(contentsOf: path)
    } catch {
      throw CheckpointError(error)
    }
    try self.init(source)
  }

  /// Reads a checkpoint from its bytes.
  /// - Throws: as `init(contentsOf:)`.
  public init(_ source: ByteSource) throws(CheckpointError) {
    switch source {
    // First, because the length of its header may begin with the bytes that mark another format.
    case _ where Safetensors.recognizes(source):
      (tensors, metadata) = try Safetensors.read(source)
    case _ where source.starts(with: [0x50, 0x4B]):
      tensors = try Self.zip(source)
    case _ where source.starts(with: [0x80]):
      tensors = try TorchLegacyArchive.read(source)
    case _ where source.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]):
      tensors = [("array", try NumpyCheckpoint.array(source))]
    default:
      throw CheckpointError(
        "\(source.name) is not a checkpoint that can be read: its content is none of torch archive, safetensors, "
          + "npz or npy.")
    }
    guard !tensors.isEmpty else {
      throw CheckpointError("\(source.name) holds no tensors.")
    }
    // Data-parallel training and compilation put these before every name.
    for prefix in ["_orig_mod.", "module."] where tensors.allSatisfy({ $0.name.hasPrefix(prefix) }) {
      tensors = tensors.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) }
    }
  }

  private static func zip(_ source: ByteSource) throws(CheckpointError) -> [(name: String, tensor: Tensor)] {
    let archive: ZipArchive
    do throws(ArchiveError) {
      archive = try ZipArchive(source)
    } catch {
      throw CheckpointError(error)
    }
    if let pickle = TorchZipArchive.pickleName(in: archive) {
      return try TorchZipArchive.read(archive, pickleName: pickle, name: source.name)
    }
    return try NumpyCheckpoint.arrays(source)
  }
}

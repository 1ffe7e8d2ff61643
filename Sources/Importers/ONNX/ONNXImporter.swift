import Foundation
import Graph

/// Reads float and quantized networks in ONNX files: operator sets 7 to 26, batch 1.
///
/// The file is read in place with every length checked; nothing in it is trusted. N×C×H×W becomes N×H×W×C, and transposes
/// and reshapes of the source become nodes only where the data must really move.
///
/// A quantized network (QuantizeLinear and DequantizeLinear pairs, or QLinear operators) keeps its scales, zero points,
/// weights and biases: see `Graph.isQuantized`. uint8 activations are shifted to int8, exactly; weights that symmetric
/// int8 cannot hold are rounded anew, and `ImportedModel.notes` says so.
public enum ONNXImporter {
  /// What a caller can choose.
  public struct Options: Sendable {
    /// Shapes of inputs by name, in the source's axis order, in place of what the file says.
    public var inputShapes: [String: [Int]] = [:]
    /// Whether a fixed batch other than 1 is refused. The float evaluation can do without; the packed form cannot.
    public var requiresBatchOne = true

    /// No shapes, and a batch of 1.
    public init() {}
  }

  /// Operator set versions that are understood.
  public static let operatorSets = 7...26

  /// Names of the ONNX operators that can be imported, sorted. Some only where they fold to constants.
  public static var supportedOperators: [String] { operatorTable.keys.sorted() }

  /// Reads a network.
  /// - Throws: `ImportError` when the file cannot be read, is not ONNX or damaged, or with every node that cannot be
  ///   imported.
  public static func read(_ path: String, options: Options = Options()) throws(ImportError) -> ImportedModel {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw ImportError(
        file: path, summary: "The file cannot be read (\(error.localizedDescription)). Check the path.")
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    return try read([UInt8](data), name: path, folder: folder, options: options)
  }

  /// Reads a network from a file's bytes; `name` is for messages. Tensors in other files (external data) are read from
  /// `folder` and what lies in it; without one they are refused.
  /// - Throws: `ImportError`, as `read(_:options:)` does.
  public static func read(
    _ bytes: [UInt8], name: String, folder: String? = nil, options: Options = Options()
  ) throws(ImportError) -> ImportedModel {
    let model = try parse(bytes, name: name)
    var session = ImportSession(model: model, file: bytes, fileName: name, folder: folder, options: options)
    return try session.run()
  }

  private static func parse(_ bytes: [UInt8], name: String) throws(ImportError) -> ONNXModel {
    if let summary = otherFormat(bytes) { throw ImportError(file: name, summary: summary) }
    let model: ONNXModel
    do throws(WireFault) {
      model = try ONNXModel(bytes)
    } catch {
      throw ImportError(
        file: name,
        summary: "This is not an ONNX model, or it is cut off or damaged: at byte \(error.offset) of \(bytes.count) "
          + "\(error.reason). Download or export it again.")
    }
    guard model.hasGraph, !model.graph.nodes.isEmpty else {
      throw ImportError(
        file: name, summary: "The file holds no network, so it is not an ONNX model or it is cut off. Export it again.")
    }
    guard let operatorSet = model.operatorSets[""] else {
      throw ImportError(
        file: name, summary: "The file names no ONNX operator set. Check it with onnx.checker and export it again.")
    }
    guard operatorSets.contains(operatorSet) else {
      throw ImportError(
        file: name,
        summary: "The model uses ONNX operator set \(operatorSet), but only \(operatorSets.lowerBound) to "
          + "\(operatorSets.upperBound) can be imported. Export it with one of these, or convert it with "
          + "onnx.version_converter.")
    }
    return model
  }

  /// A sentence for files that are plainly something else.
  private static func otherFormat(_ bytes: [UInt8]) -> String? {
    func starts(_ text: String) -> Bool { bytes.starts(with: Array(text.utf8)) }
    if bytes.isEmpty { return "The file is empty. Download or export it again." }
    if starts("version https://git-lfs") {
      return "This is a Git LFS pointer and not the model itself. Fetch the model with git lfs pull."
    }
    if starts("PK") { return "This is a zip archive and not an ONNX model. Unpack it, or export the model to ONNX." }
    if bytes.count > 8, bytes[4..<8].elementsEqual(Array("TFL3".utf8)) {
      return "This is a TFLite model and not an ONNX model. Import it as what it is."
    }
    let head = bytes.prefix(64)
    if head.allSatisfy({ $0 >= 32 && $0 < 127 || $0 == 9 || $0 == 10 || $0 == 13 }) {
      return "This is a text file and not an ONNX model. Give the path of an .onnx file."
    }
    return nil
  }
}

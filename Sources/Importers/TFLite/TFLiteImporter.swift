import Foundation
import Graph

/// Reads float and int8 networks in `.tflite` files (schema version 3), batch 1.
///
/// The file is a FlatBuffer that is read in place with every offset checked; nothing in it is trusted. An int8 network
/// keeps its scales, zero points, weights and biases: see `Graph.isQuantized`.
public enum TFLiteImporter {
  /// Names of the TFLite operators that can be imported, sorted.
  public static var supportedOperators: [String] { tfliteOperatorTable.keys.sorted() }

  /// Whether a file's first bytes are those of a `.tflite` file, whatever its name.
  public static func recognizes(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.dropFirst(4).prefix(4).elementsEqual(Array("TFL3".utf8))
  }

  /// Reads a network.
  /// - Throws: `ImportError` when the file cannot be read, is not TFLite or damaged, or with every operator that cannot
  ///   be imported.
  public static func read(_ path: String) throws(ImportError) -> ImportedModel {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw ImportError(
        file: path, summary: "The file cannot be read (\(error.localizedDescription)). Check the path.")
    }
    return try read([UInt8](data), name: path)
  }

  /// Reads a network from a file's bytes; `name` is for messages.
  /// - Throws: `ImportError`, as `read(_:)` does.
  public static func read(_ bytes: [UInt8], name: String) throws(ImportError) -> ImportedModel {
    guard recognizes(bytes) else {
      throw ImportError(
        file: name, summary: "This is not a TFLite model: the mark TFL3 is missing. Give the path of a .tflite file.")
    }
    let model: TFLiteModel
    do throws(FlatBufferFault) {
      model = try TFLiteModel(bytes)
    } catch {
      throw ImportError(
        file: name,
        summary: "The model is cut off or damaged: at byte \(error.offset) of \(bytes.count) \(error.reason). "
          + "Download or convert it again.")
    }
    guard model.version == 3 else {
      throw ImportError(
        file: name, summary: "The model has schema version \(model.version), but only 3 is known. Convert it again.")
    }
    var session = TFLiteSession(model: model, file: bytes, fileName: name)
    return try session.run()
  }
}

import Compiler
import Graph
import Martlet

/// A head patch on a host: its bytes, verified.
public struct HeadFile: Sendable {
  /// The whole file.
  public let bytes: [UInt8]
  /// Class labels.
  public let labels: [String]
  /// The backbone's tensor that the head reads.
  public let featureTensor: Int
  /// The network that it belongs to.
  public let backbone: BackboneIdentity

  /// - Throws: `FinetuneError` when `bytes` are no head patch, or a damaged one.
  public init(_ bytes: [UInt8]) throws(FinetuneError) {
    self.bytes = bytes
    (labels, featureTensor, backbone) = try Self.inspect(bytes) { patch in
      (
        String(patch.labels).split(separator: "\n").map(String.init), Int(patch.header.featureTensor),
        patch.header.backbone
      )
    }
  }

  /// Whether these are the first bytes of a head patch.
  public static func isHead(_ bytes: some Sequence<UInt8>) -> Bool { bytes.starts(with: Array("MARTHEAD".utf8)) }

  /// Calls `body` with the verified patch.
  static func inspect<Result>(
    _ bytes: [UInt8], _ body: (borrowing HeadPatch) throws -> Result
  ) throws(FinetuneError) -> Result {
    let aligned = AlignedBytes(copying: bytes)
    let patch: HeadPatch
    do throws(Fault) {
      patch = try HeadPatch.verify(
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(aligned.buffer)[0..<bytes.count]))
    } catch {
      let reason = error.code == .notAModel ? "it is no head patch" : "\(error.code.explanation)"
      throw FinetuneError("the head cannot be used: \(reason). Train it again with `martlet finetune`.")
    }
    defer { withExtendedLifetime(aligned) {} }
    do {
      return try body(patch)
    } catch {
      throw FinetuneError("the head cannot be used: \(error)")
    }
  }

  /// A whole packed model: the backbone up to the features, byte for byte, then this head, softmax, and its labels.
  /// - Parameters:
  ///   - file: the backbone.
  ///   - provenance: lines to add to what the file says of its origin.
  /// - Throws: `FinetuneError` when the head belongs to another network, or does not fit.
  public func merged(into file: [UInt8], provenance: [(String, String)] = []) throws(FinetuneError) -> [UInt8] {
    guard file.count >= Header.byteCount, file.starts(with: Array("MARTLET\n".utf8)) else {
      throw FinetuneError("the network is not a packed model: convert it with `martlet convert`")
    }
    let identity = file.withUnsafeBytes { BackboneIdentity($0.loadUnaligned(as: Header.self)) }
    guard identity == backbone else {
      throw FinetuneError(
        "the head was trained on another network (of \(backbone.fileBytes) bytes, checksum "
          + "\(String(backbone.bodyChecksum, radix: 16))), not on this one (of \(identity.fileBytes) bytes, checksum "
          + "\(String(identity.bodyChecksum, radix: 16))): use that network, or train the head again on this one")
    }
    let point = try FeaturePoint.numbered(featureTensor, in: file)
    return try Self.inspect(bytes) { patch in
      try graft(
        headGraph(patch, at: point), onto: file, at: point.tensor, labels: labels, provenance: provenance)
    }
  }

  /// The scores that the head gives for features, int8.
  /// - Throws: `FinetuneError` when their number is another.
  public func scores(_ features: [[Int8]]) throws(FinetuneError) -> [[Int8]] {
    try Self.inspect(bytes) { patch in
      try features.map { features in
        var values = features
        for index in 0..<patch.layerCount {
          var results = [Int8](repeating: 0, count: Int(patch.layer(index).outputs))
          var span = results.mutableSpan
          try patch.run(layer: index, values.span, into: &span)
          values = results
        }
        return values
      }
    }
  }
}

extension HeadPatch {
  /// A layer's constants as the Compiler takes them.
  func quantizedLayer(_ index: Int) -> QuantizedWeights {
    let (biases, scales, weights) = layerConstants(index)
    return QuantizedWeights(
      values: weights, scales: scales, biases: biases.map { Int64($0) }, roundsFactorsStepwise: true)
  }
}

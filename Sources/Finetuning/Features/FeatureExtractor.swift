import Compiler
import Datasets
import Graph
import Martlet

/// What one picture or array becomes before it goes into a network.
public enum NetworkInput: Sendable {
  /// Height × width × channels bytes, red first.
  case pixels([UInt8])
  /// Real values, H×W×C.
  case reals([Float])

  /// The input that a data set's item is.
  /// - Throws: `FinetuneError` for a picture when there are no rules for it.
  public init(_ content: Dataset.Content, _ rules: Preprocessing?) throws {
    switch content {
    case .image(let image):
      guard let rules else {
        throw FinetuneError(
          "the network does not say how a picture becomes its input: convert it with --preset (or --mean and --std)")
      }
      self = .pixels(rules.pixels(of: image).pixels)
    case .bytes(let bytes): self = .pixels(bytes)
    case .tensor(_, let values): self = .reals(values)
    }
  }
}

/// The part of a packed network up to its features, in an arena of its own. For one thread at a time.
public final class FeatureExtractor {
  private let file: AlignedBytes
  private let arena: AlignedBytes
  private var session: Session<Every>
  /// Number, scale and zero point of the features.
  public let output: TensorRecord

  /// - Parameter file: a packed model whose first output is the features.
  /// - Throws: `FinetuneError` when the Verifier refuses it.
  public init(_ file: [UInt8]) throws(FinetuneError) {
    self.file = AlignedBytes(copying: file)
    do throws(Fault) {
      let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(self.file.buffer))
      arena = AlignedBytes(count: model.arenaBytes)
      session = try Session(model, arena: arena.buffer)
    } catch {
      throw FinetuneError("the network cannot be run: \(error.code.explanation). \(error.code.remedy)")
    }
    output = session.output()
  }

  /// Bytes of the arena.
  public var arenaBytes: Int { arena.buffer.count }

  /// The features of one input, H×W×C int8 values.
  /// - Throws: `FinetuneError` when the input has another size than the network's.
  public func features(_ input: NetworkInput) throws(FinetuneError) -> [Int8] {
    var values = [Int8](repeating: 0, count: output.count)
    do throws(Fault) {
      session.reset()
      if session.takesRows { try push(input) } else { try run(input) }
      var span = values.mutableSpan
      try session.copyOutput(into: &span)
    } catch {
      throw FinetuneError(
        "an input does not fit the network, which takes \(session.input().height)×\(session.input().width)×"
          + "\(session.input().channels) values: \(error.code.explanation)")
    }
    return values
  }

  private func run(_ input: NetworkInput) throws(Fault) {
    switch input {
    case .pixels(let pixels): try session.setInput(pixels: pixels.span)
    case .reals(let values): try session.setInput(reals: values.span)
    }
    session.run()
  }

  private func push(_ input: NetworkInput) throws(Fault) {
    let needed = session.input().count
    let height = Int(session.input().height)
    for row in 0..<height {
      let range = row * needed / height..<(row + 1) * needed / height
      switch input {
      case .pixels(let pixels):
        guard pixels.count == needed else { throw Fault(.inputOutput, detail: needed) }
        _ = try session.push(pixels: pixels.span.extracting(range))
      case .reals(let values):
        guard values.count == needed else { throw Fault(.inputOutput, detail: needed) }
        _ = try session.push(reals: values.span.extracting(range))
      }
    }
  }
}

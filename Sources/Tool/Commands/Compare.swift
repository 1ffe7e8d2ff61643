import ArgumentParser
import Compiler
import Foundation

/// `martlet compare FLOAT MODEL.martlet --data DIR`.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares each layer of a packed model with the float network on real inputs.",
    discussion: """
      Example: martlet compare network.onnx network.martlet --data photos/ --limit 20
      The preprocessing is the packed model's. Errors add up from layer to layer.
      """)

  @Argument(help: "The float network that the model was made of.", completion: .file())
  var float: String

  @Argument(help: "The packed model.", completion: .file())
  var model: String

  @Option(help: "Typical inputs; labels are not needed.", completion: .file())
  var data: String

  @Option(help: "Compare on at most this many inputs.")
  var limit = 16

  @OptionGroup var source: FloatSourceOptions
  @OptionGroup var output: OutputOptions

  private struct Layer: Encodable {
    let name: String
    let kind: String
    let signalToNoiseDb: Double
    let cosine: Double
    let maximumError: Float
    let saturatedShare: Double
  }

  private struct Result: Encodable {
    let images: Int
    let layers: [Layer]
  }

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit must be at least 1.") }
  }

  func run() throws {
    let packed = try PackedModel(model)
    let graph = try source.load(float)
    let rules = try packed.preprocessing.map { try $0.rules() }
    let inputs = try calibrationData(data, graph: graph, preprocessing: rules, limit: limit, split: .test)
    let progress = Progress("comparing")
    let layers = try compareLayers(graph, packed.file.copy(), on: inputs) { share in
      progress.update(Int((share * Double(inputs.count)).rounded()), of: inputs.count)
    }
    progress.finish()
    let result = Result(
      images: inputs.count,
      layers: layers.map {
        Layer(
          name: $0.name, kind: $0.kind, signalToNoiseDb: $0.signalToNoiseDecibels, cosine: $0.cosine,
          maximumError: $0.maximumError, saturatedShare: $0.saturatedShare)
      })
    try output.emit(result) {
      var table = Table("dB", "cosine", "largest error", "saturated", "kind", "layer")
      for layer in result.layers {
        table.add(
          layer.signalToNoiseDb.digits(1), layer.cosine.digits(5), Double(layer.maximumError).digits(4),
          "\((layer.saturatedShare * 100).digits(2)) %", layer.kind, layer.name)
      }
      table.print()
      print("\nover \(result.images) inputs; the largest fall from one line to the next costs most")
    }
  }
}

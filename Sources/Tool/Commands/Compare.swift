import ArgumentParser
import Compiler
import Foundation

/// `martlet compare FLOAT MODEL.martlet --data DIR`.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows which layers of a packed model lose accuracy, and why, on real inputs.",
    discussion: """
      Example: martlet compare network.onnx network.martlet --data photos/ --limit 20 --report report.html
      Every layer is compared with the float network twice: as the packed model runs (accumulated), and alone, on the
      float network's values (isolated). Layers are ranked by what each alone costs the network's output.
      The preprocessing is the packed model's.
      """)

  @Argument(help: "The float network that the model was made of.", completion: .file())
  var float: String

  @Argument(help: "The packed model.", completion: .file())
  var model: String

  @Option(help: "Typical inputs; labels are not needed.", completion: .file())
  var data: String

  @Option(help: "Compare on at most this many inputs.")
  var limit = 16

  @Option(
    help: "On this many of them the network is evaluated once for each layer, to rank the layers by what they cost.")
  var costInputs = 4

  @Option(help: "Write a page with charts, worst channels and worst pictures (.html).", completion: .file())
  var report: String?

  @OptionGroup var source: FloatSourceOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit must be at least 1.") }
    guard costInputs > 0 else { throw ValidationError("--cost-inputs must be at least 1.") }
    if let report, !report.hasSuffix(".html") { throw ValidationError("--report names a .html file.") }
  }

  func run() throws {
    let packed = try PackedModel(model)
    let graph = try source.load(float)
    let rules = try packed.preprocessing.map { try $0.tensorRules() }
    let inputs = try TypicalInputs(data, limit: limit, split: .test)
    let examples = try calibrationData(data, graph: graph, preprocessing: rules, limit: limit, split: .test)
    let comparer = try NetworkComparer(graph, packed.file.copy())
    let progress = Progress("comparing")
    let comparison = try comparer.compare(on: examples, costExamples: costInputs) { share in
      progress.update(Int((share * Double(examples.count)).rounded()), of: examples.count)
    }
    progress.finish()
    if let report {
      let pictures = try WorstExample.find(comparison, comparer, inputs, examples, rules, labels: packed.labels)
      let page = ComparisonPage(
        title:
          "\(URL(fileURLWithPath: model).lastPathComponent) against \(URL(fileURLWithPath: float).lastPathComponent)",
        comparison: comparison, examples: pictures)
      try AtomicFile.write(Array(page.html.utf8), to: report)
    }
    let result = ComparisonResult(comparison, names: (0..<inputs.count).map(inputs.name))
    try output.emit(result) { result.show(comparison) }
  }
}

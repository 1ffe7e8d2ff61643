import ArgumentParser
import Compiler
import Datasets
import Foundation

/// `martlet eval MODEL --data DIR`.
struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures accuracy on a data set: a packed model, or a float network in float.",
    discussion: """
      --data is a folder with a sub-folder for each class, a folder with labels.csv, MNIST (IDX) or CIFAR-10 (binary).
      Example: martlet eval network.martlet --data test-pictures/
      """)

  @Argument(
    help: "A packed model (.martlet), or a float network with the preprocessing flags of `convert`.",
    completion: .file())
  var model: String

  @Option(help: "The labelled data set.", completion: .file())
  var data: String

  @Option(help: "Evaluate at most this many inputs.")
  var limit: Int?

  @Option(help: "A head patch (.martlet-head) to put on the packed model.", completion: .file())
  var head: String?

  @Option(help: "Also write each input's name, class and answer (indices) to this CSV.", completion: .file())
  var answers: String?

  @OptionGroup var source: FloatSourceOptions
  @OptionGroup var preprocessing: PreprocessingOptions
  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let images: Int
    let top1: Double
    let top5: Double
  }

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1.") }
    guard head == nil || MappedFile.isPackedModel(model) else { throw ValidationError("--head needs a packed model.") }
  }

  func run() throws {
    let classifier: any Classifier =
      MappedFile.isPackedModel(model)
      ? try PackedClassifier(model, head: head)
      : try FloatClassifier(model, source: source, preprocessing: preprocessing)
    let dataset = try Dataset.open(data)
    guard dataset.isLabelled else {
      throw ToolError("\(data) has no labels: use a sub-folder for each class, or a labels.csv beside the pictures.")
    }
    let indices = Array(0..<min(dataset.count, limit ?? dataset.count))
    let progress = Progress("evaluating")
    var mapping: ClassMapping?
    var lines = ["input,class,answer"]
    var right1 = 0
    var right5 = 0
    try dataset.prefetch(indices, prepare: { $0 }) { number, item in
      let scores = try classifier.scores(item.content)
      let outputs = try mapping ?? ClassMapping(dataset, labels: classifier.labels, outputCount: scores.count)
      mapping = outputs
      let wanted = item.label.map(outputs.output)
      let best = Ranking.indices(5, of: scores)
      if let wanted, best.first == wanted { right1 += 1 }
      if let wanted, best.contains(wanted) { right5 += 1 }
      if answers != nil {
        let quoted = item.name.replacingOccurrences(of: "\"", with: "\"\"")
        lines.append("\"\(quoted)\",\(wanted.map(String.init) ?? ""),\(best.first.map(String.init) ?? "")")
      }
      progress.update(number + 1, of: indices.count)
    }
    progress.finish()
    if let answers { try AtomicFile.write((lines.joined(separator: "\n") + "\n").utf8, to: answers) }
    let count = Double(indices.count)
    let result = Result(images: indices.count, top1: Double(right1) / count, top5: Double(right5) / count)
    try output.emit(result) {
      print("images  \(result.images)")
      print("top-1   \((result.top1 * 100).digits(2)) %")
      print("top-5   \((result.top5 * 100).digits(2)) %")
    }
  }
}

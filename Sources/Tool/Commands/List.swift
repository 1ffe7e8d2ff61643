import Architectures
import ArgumentParser
import Importers
import Martlet

/// `martlet list`.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints architectures, operators, and the kernel families of this machine.",
    discussion: "Example: martlet list --json")

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let architectures: [String]
    let operators: [String]
    let onnxOperators: [String]
    let tfliteOperators: [String]
    let kernels: [KernelFamily]
  }

  func run() throws {
    try PackedModel.checkForcedFamily()
    let result = Result(
      architectures: Architectures.all.map(\.name), operators: Every.kinds,
      onnxOperators: ONNXImporter.supportedOperators, tfliteOperators: TFLiteImporter.supportedOperators,
      kernels: KernelFamily.all)
    try output.emit(result) {
      print("architectures    \(result.architectures.joined(separator: ", "))")
      print("operators        \(result.operators.joined(separator: ", "))")
      print("ONNX operators   \(result.onnxOperators.joined(separator: ", "))")
      print("TFLite operators \(result.tfliteOperators.joined(separator: ", "))")
      print("kernel families  \(result.kernels.text)")
    }
  }
}

extension OperatorSet {
  /// The names of every operator in the set, by code.
  fileprivate static var kinds: [String] {
    (UInt32(1)...256).compactMap { kind(of: $0).map { "\($0)" } }
  }
}

import Architectures
import ArgumentParser
import CShim
import Importers
import Martlet

/// `martlet list`.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints architectures, operators, and the kernel families of this machine.",
    discussion: "Example: martlet list --json")

  @OptionGroup var output: OutputOptions

  private struct Family: Encodable {
    let name: String
    let chosen: Bool
  }

  private struct Result: Encodable {
    let architectures: [String]
    let operators: [String]
    let onnxOperators: [String]
    let tfliteOperators: [String]
    let kernels: [Family]
  }

  func run() throws {
    try PackedModel.checkForcedFamily()
    let best = martlet_best_kernels().pointee.family
    let families = (0..<MARTLET_FAMILY_COUNT.rawValue).filter { martlet_families() >> $0 & 1 == 1 }
    let result = Result(
      architectures: Architectures.all.map(\.name), operators: Every.kinds,
      onnxOperators: ONNXImporter.supportedOperators, tfliteOperators: TFLiteImporter.supportedOperators,
      kernels: families.map {
        Family(name: String(cString: martlet_family_name(martlet_family($0))), chosen: $0 == best.rawValue)
      })
    try output.emit(result) {
      print("architectures    \(result.architectures.joined(separator: ", "))")
      print("operators        \(result.operators.joined(separator: ", "))")
      print("ONNX operators   \(result.onnxOperators.joined(separator: ", "))")
      print("TFLite operators \(result.tfliteOperators.joined(separator: ", "))")
      print(
        "kernel families  \(result.kernels.map { $0.chosen ? "\($0.name) (chosen)" : $0.name }.joined(separator: ", "))"
      )
    }
  }
}

extension OperatorSet {
  /// The names of every operator in the set, by code.
  fileprivate static var kinds: [String] {
    (UInt32(1)...256).compactMap { kind(of: $0).map { "\($0)" } }
  }
}

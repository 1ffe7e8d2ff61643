import ArgumentParser
import CShim
import Compiler
import Foundation
import Martlet

/// `martlet selftest MODEL.martlet`.
struct SelfTest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selftest",
    abstract: "Stores a test in a packed model, or runs the one that is there on every kernel family.",
    discussion: """
      The test is one input, and a CRC-32 of each operator's output by the scalar kernels. A device that runs the same
      file can then say which layer, if any, it computes differently: martlet-run --selftest, or a firmware.

      Examples: martlet selftest network.martlet -o network.martlet
                martlet selftest network.martlet --check
      """)

  @Argument(help: "A packed model.", completion: .file(extensions: ["martlet"]))
  var model: String

  @Option(
    name: .shortAndLong, help: "Where to write the model with its test; it may be the same file.", completion: .file())
  var out: String?

  @Flag(help: "Run the test that the model has, on every kernel family of this processor (or MARTLET_ISA's alone).")
  var check = false

  @Option(
    help: "The test's input: a picture or .npy, one for each network input (default: a fixed pseudo-random one).",
    completion: .file())
  var input: [String] = []

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let model: String
    let operators: Int
    var written: String?
    var families: [FamilyResult]?
  }

  private struct FamilyResult: Encodable {
    let isa: String
    let ok: Bool
    var `operator`: Int?
    var name: String?
    var kind: String?
  }

  func validate() throws {
    guard check != (out != nil) else { throw ValidationError("Give either -o OUT.martlet or --check.") }
    guard !check || input.isEmpty else { throw ValidationError("--check takes the input that is in the model.") }
  }

  func run() throws {
    if let out { try store(out) } else { try checkAll() }
  }

  private func store(_ out: String) throws {
    let file = try MappedFile(model)
    var inputs: [[Int8]]?
    if !input.isEmpty {
      let classifier = try PackedClassifier(model)
      guard input.count == classifier.model.inputCount else {
        throw ToolError("\(model) takes \(classifier.model.inputCount) inputs, but --input gave \(input.count).")
      }
      inputs = try input.enumerated().map { index, path in
        try classifier.setInput(try itemContent(path), index: index)
        return try classifier.model.inputValues(index)
      }
    }
    let bytes: [UInt8]
    do {
      bytes = try addSelfTest(to: file.copy(), inputs: inputs)
    } catch {
      throw ToolError("\(model): \(error)")
    }
    try AtomicFile.write(bytes, to: out)
    let operators = try PackedModel(out).operatorCount
    try output.emit(Result(model: model, operators: operators, written: out)) {
      print("written      \(out), \(bytes.count.grouped) bytes, a check of each of \(operators) operators")
    }
  }

  private func checkAll() throws {
    try PackedModel.checkForcedFamily()
    let forced = martlet_best_kernels().pointee.family
    let isForced = ProcessInfo.processInfo.environment["MARTLET_ISA"].map { !$0.isEmpty } ?? false
    var results: [FamilyResult] = []
    var operators = 0
    for family in kernelFamilies() where !isForced || family == forced {
      let packed = try PackedModel(model, family: family)
      operators = packed.operatorCount
      guard let fault = packed.selfTest() else {
        results.append(FamilyResult(isa: packed.kernelFamily, ok: true))
        continue
      }
      guard fault.index != 0xFFFF else {
        throw ToolError("\(model) has no self-test: add one with `martlet selftest \(model) -o \(model)`.")
      }
      let place = Int(fault.index)
      let (name, kind) = try packed.inspect { verified in
        (String(verified.name(verified.operatorRecord(place).name)), "\(verified.kind(ofOperator: place))")
      }
      results.append(FamilyResult(isa: packed.kernelFamily, ok: false, operator: place, name: name, kind: kind))
    }
    try output.emit(Result(model: model, operators: operators, families: results)) {
      for result in results {
        if result.ok {
          print("\(result.isa.padding(to: 12)) all \(operators) operators agree")
        } else {
          print(
            "\(result.isa.padding(to: 12)) differs first in operator \(result.operator ?? 0), \(result.kind ?? "") "
              + "\(result.name ?? "")")
        }
      }
    }
    if results.contains(where: { !$0.ok }) { throw ExitCode.failure }
  }
}

/// The kernel families that this processor runs, slowest first.
func kernelFamilies() -> [martlet_family] {
  let families = martlet_families()
  return (0..<MARTLET_FAMILY_COUNT.rawValue).map { martlet_family(rawValue: $0) }.filter {
    families >> $0.rawValue & 1 == 1 && martlet_kernels_for($0) != nil
  }
}

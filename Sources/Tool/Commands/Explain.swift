import ArgumentParser
import Martlet

/// `martlet explain CODE`.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says in a sentence what a fault code of the runtime means.",
    discussion: "Example: martlet explain 17")

  @Argument(help: "The number that a device printed; all of them when left out.")
  var code: UInt16?

  @OptionGroup var output: OutputOptions

  private struct Entry: Encodable {
    let code: UInt16
    let name: String
    let meaning: String
    let remedy: String
  }

  func run() throws {
    let codes: [Fault.Code]
    if let code {
      guard let known = Fault.Code(rawValue: code) else {
        throw ToolError("There is no fault \(code); `martlet explain` lists all of them.")
      }
      codes = [known]
    } else {
      codes = Fault.Code.allCases
    }
    let entries = codes.map {
      Entry(code: $0.rawValue, name: "\($0)", meaning: "\($0.explanation)", remedy: "\($0.remedy)")
    }
    try output.emit(entries) {
      for entry in entries { print("\(entry.code) \(entry.name): \(entry.meaning). \(entry.remedy)") }
    }
  }
}

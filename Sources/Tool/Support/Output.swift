import ArgumentParser
import Foundation

/// `--json`, which every command takes.
struct OutputOptions: ParsableArguments {
  @Flag(name: .long, help: "Print the result as JSON.")
  var json = false

  /// Prints `result` as JSON with snake_case keys, or what `text` prints.
  func emit(_ result: some Encodable, text: () -> Void) throws {
    guard json else { return text() }
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    print(String(decoding: try encoder.encode(result), as: UTF8.self))
  }
}

/// What went wrong, in one sentence: the file, the reason, the remedy.
struct ToolError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Columns of text, right-aligned where they are numbers.
struct Table {
  private var rows: [[String]]
  private let headings: [String]

  init(_ headings: String...) {
    self.headings = headings
    rows = []
  }

  mutating func add(_ cells: String...) { rows.append(cells) }

  func print() {
    let all = [headings] + rows
    let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    for (place, row) in all.enumerated() {
      let cells = row.indices.map { column -> String in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        let isNumber = row[column].first.map { $0.isNumber || $0 == "-" || $0 == "−" } ?? false
        return isNumber ? padding + row[column] : row[column] + padding
      }
      let line = cells.joined(separator: "  ").trimmingTrailingSpaces
      Swift.print(place == 0 ? Ink.bold(line) : line)
    }
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}

extension Double {
  /// With this many digits after the point.
  func digits(_ count: Int) -> String { String(format: "%.\(count)f", self) }
}

extension BinaryInteger {
  /// With a comma between thousands.
  var grouped: String {
    var text = ""
    for (index, digit) in String(self).reversed().enumerated() {
      if index > 0, index % 3 == 0, digit != "-" { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}

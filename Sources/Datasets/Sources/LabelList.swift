import Archives
import Foundation

/// A text file that names files and their labels, one a line: comma- or blank-separated, with or without a header.
///
/// The file's name is in the column called file, filename, image, name or path, or the first one. The label is in the
/// column called class_index, index, label, target or class, or the last column that holds only numbers. Labels that are
/// words get numbers in sorted order. A column called row says that an entry is one row of pixels of a large picture.
struct LabelList {
  /// File names as the list spells them, and their labels.
  private(set) var entries: [(file: String, label: Int)] = []
  /// Names of labels where the list has them.
  private(set) var classNames: [String] = []
  /// Which row of its file each entry is; nil where entries are whole files.
  private(set) var rows: [Int]?
  /// False where labels were words.
  private(set) var labelsAreNumbers = true

  static let fileNames = ["labels.csv", "y_labels.csv", "labels.txt", "val.txt"]
  private static let fileColumns = ["file", "filename", "file_name", "image", "path", "sprite"]
  private static let labelColumns = ["class_index", "label_index", "index", "label", "target", "class"]
  private static let nameColumns = ["name", "class_name", "class", "label"]

  init(contentsOf path: String) throws(DatasetError) {
    let source = try rethrowing { () throws(ArchiveError) in try ByteSource(contentsOf: path) }
    let text = String(decoding: source.bytes(at: 0, count: source.count) ?? [], as: UTF8.self)
    try self.init(text, name: path)
  }

  init(_ text: String, name: String) throws(DatasetError) {
    var rows = text.split(whereSeparator: \.isNewline).map(Self.fields).filter { !$0.isEmpty }
    guard let first = rows.first, first.count >= 2 else {
      throw DatasetError("\(name) is not a list of files and labels, such as `picture.jpg,3` in each line.")
    }
    let words = first.map { $0.lowercased() }
    let isHeader =
      !first.contains { Int($0) != nil } && words.contains { (Self.fileColumns + Self.labelColumns).contains($0) }
    let titles = isHeader ? words : []
    if isHeader { rows.removeFirst() }
    guard !rows.isEmpty else { throw DatasetError("\(name) lists no files.") }
    if let short = rows.firstIndex(where: { $0.count != first.count }) {
      throw DatasetError(
        "\(name) has \(rows[short].count) columns in entry \(short + 1), but \(first.count) in the first.")
    }
    let fileColumn = titles.firstIndex { Self.fileColumns.contains($0) } ?? 0
    if let column = titles.firstIndex(of: "row") {
      self.rows = try rows.map { row throws(DatasetError) in
        guard let number = Int(row[column]) else {
          throw DatasetError("\(name): \(row[column]) is not a row's number.")
        }
        return number
      }
    }
    try setLabels(rows, titles: titles, fileColumn: fileColumn, name: name)
  }

  private mutating func setLabels(
    _ rows: [[String]], titles: [String], fileColumn: Int, name: String
  ) throws(DatasetError) {
    let columns = rows[0].indices.filter { $0 != fileColumn && titles.firstIndex(of: "row") != $0 }
    func isNumeric(_ column: Int) -> Bool { rows.allSatisfy { Int($0[column]).map { $0 >= 0 } ?? false } }
    let titled = Self.labelColumns.compactMap { title in
      columns.first { titles.indices.contains($0) && titles[$0] == title }
    }
    let numeric = titled.first(where: isNumeric) ?? columns.last(where: isNumeric)
    let named = Self.nameColumns.compactMap { title in
      columns.first { titles.indices.contains($0) && titles[$0] == title && $0 != numeric }
    }.first
    if let numeric {
      entries = rows.map { ($0[fileColumn], Int($0[numeric]) ?? 0) }
      if let named { setClassNames(rows.map { $0[named] }) }
    } else {
      let words = named ?? columns[0]
      labelsAreNumbers = false
      classNames = Set(rows.map { $0[words] }).sorted()
      let numbers = Dictionary(uniqueKeysWithValues: zip(classNames, classNames.indices))
      entries = rows.map { ($0[fileColumn], numbers[$0[words]] ?? 0) }
    }
  }

  /// Names by label; labels between them that do not occur get an empty name.
  private mutating func setClassNames(_ names: [String]) {
    guard let greatest = entries.map(\.label).max(), greatest < 1_000_000 else { return }
    classNames = [String](repeating: "", count: greatest + 1)
    for (entry, name) in zip(entries, names) { classNames[entry.label] = name }
  }

  /// The parts of a line; double quotes keep commas in a part.
  private static func fields(_ line: Substring) -> [String] {
    guard line.contains(",") else { return line.split(whereSeparator: \.isWhitespace).map(String.init) }
    var fields = [""]
    var isQuoted = false
    for character in line {
      if character == "\"" {
        isQuoted.toggle()
      } else if character == ",", !isQuoted {
        fields.append("")
      } else {
        fields[fields.count - 1].append(character)
      }
    }
    return fields.map { $0.trimmingCharacters(in: .whitespaces) }
  }
}

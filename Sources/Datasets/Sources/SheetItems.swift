/// Square pictures that lie as rows of pixels in a few large pictures, with a label list that has a column `row`.
/// The large pictures are decoded once and kept.
struct SheetItems: ItemSource {
  let kind = "rows of pictures with a label list"
  let classNames: [String]
  let labelsAreOutputIndices: Bool
  private let sheets: [Image]
  private let entries: [(sheet: Int, row: Int, label: Int, name: String)]

  var count: Int { entries.count }

  init(paths: [String], rows: [Int], list: LabelList) throws(DatasetError) {
    classNames = list.classNames
    labelsAreOutputIndices = list.labelsAreNumbers
    var sheets: [Image] = []
    var numbers: [String: Int] = [:]
    for path in Set(paths).sorted() {
      let sheet = try Image(contentsOf: path)
      let side = Int(Double(sheet.width).squareRoot())
      guard side * side == sheet.width else {
        throw DatasetError("\(path) is \(sheet.width) pixels wide, so that its rows are not square pictures.")
      }
      numbers[path] = sheets.count
      sheets.append(sheet)
    }
    var entries: [(sheet: Int, row: Int, label: Int, name: String)] = []
    for (index, path) in paths.enumerated() {
      guard let number = numbers[path], (0..<sheets[number].height).contains(rows[index]) else {
        throw DatasetError("\(path) has no row \(rows[index]), which its label list names.")
      }
      entries.append((number, rows[index], list.entries[index].label, "\(path)[\(rows[index])]"))
    }
    (self.sheets, self.entries) = (sheets, entries)
  }

  func content(_ index: Int) throws(DatasetError) -> Dataset.Content {
    let sheet = sheets[entries[index].sheet]
    let side = Int(Double(sheet.width).squareRoot())
    let row = sheet.cropped(left: 0, top: entries[index].row, width: sheet.width, height: 1)
    return .image(Image(uncheckedWidth: side, height: side, channels: sheet.channels, pixels: row.pixels))
  }

  func label(_ index: Int) -> Int? { entries[index].label }

  func name(_ index: Int) -> String { entries[index].name }
}

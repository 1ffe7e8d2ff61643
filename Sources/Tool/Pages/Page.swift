/// A page of HTML that needs nothing but itself, in the look that all of Martlet's pages have.
struct Page {
  let title: String
  /// Markup, in order.
  var parts: [String] = []

  /// Begins a section.
  mutating func addHeading(_ text: String) { parts.append("<h2>\(text.escapedForMarkup)</h2>") }

  /// Words, as they are.
  mutating func addText(_ text: String) { parts.append("<p>\(text.escapedForMarkup)</p>") }

  /// A column of a table: words, which begin at its left, unless it is made by `numbers`.
  struct Column: ExpressibleByStringLiteral {
    let heading: String
    let isOfNumbers: Bool

    /// Words.
    init(stringLiteral heading: String) { (self.heading, isOfNumbers) = (heading, false) }

    private init(numbers heading: String) { (self.heading, isOfNumbers) = (heading, true) }

    /// Numbers, which end at its right; the heading names their unit.
    static func numbers(_ heading: String) -> Column { Column(numbers: heading) }
  }

  /// A table: each row has a cell for each column. Long names may be broken behind a slash.
  mutating func addTable(_ columns: [Column], _ rows: [[String]]) {
    func row(_ cells: [String], _ tag: String) -> String {
      let marked = zip(cells, columns).map { cell, column in
        let text = cell.escapedForMarkup
        return column.isOfNumbers
          ? "<\(tag) class=\"n\">\(text)</\(tag)>" : "<\(tag)>\(text.replacing("/", with: "/<wbr>"))</\(tag)>"
      }
      return "<tr>\(marked.joined())</tr>"
    }
    let headings = columns.map(\.heading)
    let head = headings.contains { !$0.isEmpty } ? "<thead>\(row(headings, "th"))</thead>" : ""
    let body = rows.map { row($0, "td") }.joined(separator: "\n")
    parts.append("<div class=\"wide\"><table>\(head)<tbody>\n\(body)\n</tbody></table></div>")
  }

  /// Pictures side by side, each with words below.
  mutating func addPictures(_ pictures: [(markup: String, caption: String)]) {
    let figures = pictures.map {
      "<figure>\($0.markup)<figcaption>\($0.caption.escapedForMarkup)</figcaption></figure>"
    }
    parts.append("<div class=\"row\">\(figures.joined(separator: "\n"))</div>")
  }

  /// The whole file.
  var html: String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <title>\(title.escapedForMarkup)</title>
    <style>\(PageStyle.colors(of: ":root"))\(PageStyle.rules)</style></head><body>
    <h1>\(title.escapedForMarkup)</h1>
    \(parts.joined(separator: "\n"))
    </body></html>

    """
  }
}

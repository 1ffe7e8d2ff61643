/// A page of HTML that needs nothing but itself, in the look that all of Martlet's pages have.
struct Page {
  let title: String
  /// Markup, in order.
  var parts: [String] = []

  /// Begins a section.
  mutating func addHeading(_ text: String) { parts.append("<h2>\(text.escapedForMarkup)</h2>") }

  /// Words, as they are.
  mutating func addText(_ text: String) { parts.append("<p>\(text.escapedForMarkup)</p>") }

  /// A table; cells are words. Columns whose cells are numbers lean to the right.
  mutating func addTable(_ headings: [String], _ rows: [[String]]) {
    func isNumber(_ text: String) -> Bool { text.first.map { $0.isNumber || $0 == "-" || $0 == "∞" } ?? true }
    let isRight = headings.indices.map { column in !rows.isEmpty && rows.allSatisfy { isNumber($0[column]) } }
    func row(_ cells: [String], _ tag: String) -> String {
      "<tr>"
        + zip(cells, isRight).map { "<\(tag)\($1 ? " class=\"n\"" : "")>\($0.escapedForMarkup)</\(tag)>" }.joined()
        + "</tr>"
    }
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

/// Pieces that charts are drawn of.
enum SVG {
  static func text(
    _ x: Double, _ y: Double, _ content: String, anchor: String = "start", size: Int = 12, isSoft: Bool = false
  ) -> String {
    "<text x=\"\(x.digits(2))\" y=\"\(y.digits(2))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\""
      + "\(isSoft ? " class=\"soft\"" : "")>\(content.escapedForMarkup)</text>"
  }

  static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, kind: String = "grid") -> String {
    "<line class=\"\(kind)\" x1=\"\(x1.digits(2))\" y1=\"\(y1.digits(2))\" x2=\"\(x2.digits(2))\" y2=\"\(y2.digits(2))\"/>"
  }

  /// - Parameter title: what a pointer over it shows.
  static func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, kind: String, title: String? = nil
  ) -> String {
    let place =
      "<rect class=\"\(kind)\" x=\"\(x.digits(2))\" y=\"\(y.digits(2))\" width=\"\(width.digits(2))\" height=\"\(height.digits(2))\""
    return title.map { "\(place)><title>\($0.escapedForMarkup)</title></rect>" } ?? place + "/>"
  }

  /// A picture of these pieces.
  static func picture(width: Double, height: Double, title: String, _ parts: [String], kind: String = "chart") -> String
  {
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width.digits(0)) \(height.digits(0))\" class=\"\(kind)\" role=\"img\">"
      + "\n<title>\(title.escapedForMarkup)</title>\n" + parts.joined(separator: "\n") + "\n</svg>"
  }
}

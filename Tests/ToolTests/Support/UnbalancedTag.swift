/// The first tag that is not closed, or an attribute without quotes.
func unbalancedTag(_ text: String) -> String? {
  var open: [Substring] = []
  for part in text.split(separator: "<").dropFirst(text.hasPrefix("<") ? 0 : 1) {
    guard let end = part.firstIndex(of: ">") else { return String(part) }
    let tag = part[..<end]
    if tag.hasPrefix("/") {
      guard open.popLast() == tag.dropFirst() else { return String(tag) }
    } else {
      guard tag.split(separator: "\"", omittingEmptySubsequences: false).count % 2 == 1 else { return String(tag) }
      let isVoid = ["meta", "img", "wbr"].contains(tag.prefix { $0 != " " })
      if !tag.hasSuffix("/"), !isVoid { open.append(tag.prefix { $0 != " " }) }
    }
  }
  return open.last.map(String.init)
}

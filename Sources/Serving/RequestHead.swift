import FlyingFox
import Foundation

/// The request line and headers of a request (RFC 9112), read strictly: what two readers could take differently is refused.
struct RequestHead: Sendable {
  let method: HTTPMethod
  let target: HTTPRequest.Target
  let headers: HTTPHeaders
  /// Bytes of the body; nil: the request has none.
  let contentLength: Int?
  /// Whether the connection stays open for another request.
  let keepsAlive: Bool
  /// Whether the client waits for a word before it sends the body.
  let expectsContinue: Bool

  /// Reads the bytes before the empty line.
  /// - Throws: `Refusal` with the status to answer.
  init(_ bytes: some Sequence<UInt8>, limits: ServingLimits) throws(Refusal) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Refusal(.badRequest, "The request's head is not text in UTF-8.")
    }
    let lines = text.unicodeScalars.split(separator: "\r\n".unicodeScalars, omittingEmptySubsequences: false)
    let words = lines.first.map { $0.split(separator: " ", omittingEmptySubsequences: false) } ?? []
    guard words.count == 3, (1...16).contains(words[0].count), words[0].allSatisfy({ ("A"..."Z").contains($0) }),
      words[1].first == "/", words[1].allSatisfy({ ("!"..."~").contains($0) })
    else { throw Refusal(.badRequest, "The request line is not METHOD /PATH HTTP/1.1.") }
    let version = String(String.UnicodeScalarView(words[2]))
    guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
      throw Refusal(.httpVersionNotSupported, "This server speaks HTTP/1.1.")
    }
    guard lines.count - 1 <= limits.headers else {
      throw Refusal(.requestHeaderFieldsTooLarge, "The request has more than \(limits.headers) headers.")
    }
    method = HTTPMethod(String(String.UnicodeScalarView(words[0])))
    let place = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
      .map { String(String.UnicodeScalarView($0)) }
    target = HTTPRequest.Target(path: place[0], query: place.count > 1 ? place[1] : "")
    let fields = Self.fields(lines.dropFirst())
    guard let fields else { throw Refusal(.badRequest, "A header is not NAME: VALUE.") }
    var headers = HTTPHeaders()
    for (name, value) in fields { headers.addValue(value, for: HTTPHeader(name)) }
    self.headers = headers
    contentLength = try Self.contentLength(headers, limits: limits)
    let connection = headers.values(for: .connection).joined(separator: ",").lowercased()
    keepsAlive = version == "HTTP/1.1" ? !connection.contains("close") : connection.contains("keep-alive")
    expectsContinue = headers[HTTPHeader("Expect")]?.lowercased() == "100-continue"
  }

  private static func fields(_ lines: ArraySlice<Substring.UnicodeScalarView>) -> [(String, String)]? {
    var fields: [(String, String)] = []
    for line in lines {
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else { return nil }
      let (name, value) = (line[..<colon], line[line.index(after: colon)...])
      guard name.allSatisfy({ $0.isTokenCharacter }),
        value.allSatisfy({ $0 == "\t" || $0.value >= 32 && $0.value != 127 })
      else { return nil }
      fields.append(
        (String(name), String(value).trimmingCharacters(in: CharacterSet(charactersIn: " \t"))))
    }
    return fields
  }

  private static func contentLength(_ headers: HTTPHeaders, limits: ServingLimits) throws(Refusal) -> Int? {
    guard headers.values(for: .transferEncoding).isEmpty else {
      throw Refusal(.lengthRequired, "Bodies in chunks are not taken: send Content-Length.")
    }
    let lengths = headers.values(for: .contentLength)
    guard let first = lengths.first else { return nil }
    guard lengths.count == 1, (1...18).contains(first.utf8.count), first.utf8.allSatisfy({ (48...57).contains($0) }),
      let length = Int(first)
    else { throw Refusal(.badRequest, "Content-Length is not one number.") }
    guard length <= limits.bodyBytes else {
      throw Refusal(
        .payloadTooLarge, "The body has \(length) bytes; this server takes at most \(limits.bodyBytes) (--body-limit).")
    }
    return length
  }
}

extension Unicode.Scalar {
  /// A character that a header's name may have (RFC 9110, "token").
  fileprivate var isTokenCharacter: Bool {
    switch self {
    case "a"..."z", "A"..."Z", "0"..."9", "!", "#", "$", "%", "&", "'", "*", "+", "-", ".", "^", "_", "`", "|", "~":
      true
    default: false
    }
  }
}

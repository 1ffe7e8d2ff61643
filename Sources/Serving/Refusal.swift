import FlyingFox
import Foundation

/// Why a request is not answered as it wishes: a status of HTTP and a sentence with the reason and the remedy.
public struct Refusal: Error, Sendable {
  /// HTTP's status.
  public let status: HTTPStatusCode
  /// What is wrong, and what to do about it.
  public let reason: String
  /// Seconds after which the same request may succeed.
  public let retryAfterSeconds: Int?

  /// A refusal with this status and sentence.
  public init(_ status: HTTPStatusCode, _ reason: String, retryAfterSeconds: Int? = nil) {
    (self.status, self.reason, self.retryAfterSeconds) = (status, reason, retryAfterSeconds)
  }

  /// As the open inference protocol has errors: {"error": REASON}.
  public var response: HTTPResponse {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let body = (try? encoder.encode(["error": reason])) ?? Data()
    var headers: HTTPHeaders = [.contentType: "application/json"]
    if let retryAfterSeconds { headers[HTTPHeader("Retry-After")] = String(retryAfterSeconds) }
    return HTTPResponse(statusCode: status, headers: headers, body: body)
  }
}

import Datasets
import FlyingFox
import Foundation
import Serving
import Synchronization

/// Answers requests: the open inference protocol, version 2, with its REST endpoints, and the page for photos.
final class InferenceService: Sendable {
  let models: [ServedModel]
  private let workers: ServingWorkers
  private let ending = Mutex(false)
  private let page: Data
  /// What requests may need while they are answered.
  let room = MemoryRoom()
  /// Bytes that reading a body as JSON may take for each of its bytes: at most 48 as measured, with lists of one number each.
  private static let jsonBytes = 48

  /// - Parameters:
  ///   - workers: how many threads run networks, each with sessions of its own.
  ///   - waitingAtMost: how many requests may wait for one of them.
  init(_ models: [ServedModel], workers: Int, waitingAtMost: Int) throws {
    self.models = models
    self.workers = try ServingWorkers(models, count: workers, waitingAtMost: waitingAtMost)
    page = Data(PhotoPage.html.utf8)
  }

  /// From now on the server is not ready.
  func end() { ending.withLock { $0 = true } }

  /// The answer to any request; what is wrong with it is said in JSON.
  func answer(_ request: HTTPRequest) async -> HTTPResponse {
    do {
      return try await route(request)
    } catch let refusal as Refusal {
      return refusal.response
    } catch let error as DecodingError {
      return Refusal(.badRequest, "The body is no inference request: \(Self.sentence(error))").response
    } catch let error as DatasetError where error.lacksMemory {
      return Refusal(.serviceUnavailable, "\(error)", retryAfterSeconds: 1).response
    } catch let error as DatasetError {
      return Refusal(.badRequest, "\(error)").response
    } catch {
      return Refusal(.internalServerError, "\(error)").response
    }
  }

  private func route(_ request: HTTPRequest) async throws -> HTTPResponse {
    let path = request.path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    let isRead = request.method == .GET || request.method == .HEAD
    func only(_ fits: Bool, _ method: String) throws {
      guard fits else { throw Refusal(.methodNotAllowed, "\(request.path) takes \(method) only.") }
    }
    switch path.count {
    case 0:
      try only(isRead, "GET")
      return pageResponse
    case 1 where path[0] == "v2":
      try only(isRead, "GET")
      return try json(ServerMetadata(name: "martlet", version: toolVersion, extensions: []))
    case 3 where path[0...1] == ["v2", "health"] && ["live", "ready"].contains(path[2]):
      try only(isRead, "GET")
      let isReady = path[2] == "live" || !ending.withLock { $0 }
      guard isReady else { throw Refusal(.serviceUnavailable, "The server ends.") }
      return try json([path[2]: true])
    case 3 where path[0...1] == ["v2", "models"]:
      try only(isRead, "GET")
      return try json(try model(path[2]).metadata)
    case 4 where path[0...1] == ["v2", "models"] && path[3] == "ready":
      try only(isRead, "GET")
      return try json(Readiness(name: try model(path[2]).name, ready: true))
    case 4 where path[0...1] == ["v2", "models"] && path[3] == "infer":
      try only(request.method == .POST, "POST")
      return try await infer(try model(path[2]), try await request.bodyData)
    case 1...3 where path[0] == "photo":
      try only(path.count == 1 ? isRead : request.method == .POST, path.count == 1 ? "GET" : "POST")
      return try await photo(request, Array(path.dropFirst()))
    default:
      throw Refusal(
        .notFound, "There is nothing at \(request.path): see /v2, /v2/models/NAME and /v2/models/NAME/infer.")
    }
  }

  private struct ServerMetadata: Encodable {
    let name: String
    let version: String
    let extensions: [String]
  }

  private struct Readiness: Encodable {
    let name: String
    let ready: Bool
  }

  private func model(_ name: String) throws -> ServedModel {
    guard let model = models.first(where: { $0.name == name }) else {
      throw Refusal(
        .notFound, "There is no model '\(name)'; this server has \(models.map(\.name).joined(separator: ", ")).")
    }
    return model
  }

  private func infer(_ model: ServedModel, _ body: Data) async throws -> HTTPResponse {
    Self.response(
      try await workers.run(model) { [room] session in
        let needed = Self.jsonBytes * body.count + 1 << 20
        try room.promise(needed)
        defer { room.giveBack(needed) }
        let request = try JSONDecoder().decode(InferenceRequest.self, from: body)
        return try Self.encoder.encode(try session.answer(request, model.metadata))
      })
  }

  private func photo(_ request: HTTPRequest, _ path: [String]) async throws -> HTTPResponse {
    guard let name = path.first else { return try json(["models": models.filter(\.takesPhotos).map(\.name)]) }
    let (model, body) = (try model(name), try await request.bodyData)
    func number(_ key: String, atMost most: Int) throws -> Int? {
      guard let text = request.query.first(where: { $0.name == key })?.value else { return nil }
      guard let number = Int(text), (0...most).contains(number) else {
        throw Refusal(.badRequest, "\(key) is no number from 0 to \(most).")
      }
      return number
    }
    guard path.count == 2 else {
      let top = try number("top", atMost: 1000) ?? 5
      return Self.response(
        try await workers.run(model) { try Self.encoder.encode($0.classify(photo: body, name: name, top: top)) })
    }
    guard path[1] == "heatmap" else { throw Refusal(.notFound, "There is nothing at \(request.path).") }
    guard let index = try number("class", atMost: 1_000_000) else {
      throw Refusal(.badRequest, "Say which class: /photo/\(name)/heatmap?class=NUMBER.")
    }
    return Self.response(
      try await workers.run(model) { try Self.encoder.encode($0.heatMap(photo: body, name: name, classIndex: index)) })
  }

  private var pageResponse: HTTPResponse {
    HTTPResponse(
      statusCode: .ok,
      headers: [
        .contentType: "text/html; charset=utf-8", HTTPHeader("X-Content-Type-Options"): "nosniff",
        HTTPHeader("Content-Security-Policy"):
          "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src blob: data:; connect-src 'self'; "
          + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      ], body: page)
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  private func json(_ value: some Encodable) throws -> HTTPResponse { Self.response(try Self.encoder.encode(value)) }

  private static func response(_ json: Data) -> HTTPResponse {
    HTTPResponse(statusCode: .ok, headers: [.contentType: "application/json"], body: json)
  }

  /// Where in the body something is wrong, and what.
  private static func sentence(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context): "\(place(context.codingPath)) has no '\(key.stringValue)'."
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.codingPath.isEmpty
        ? context.debugDescription : "\(place(context.codingPath)): \(context.debugDescription)"
    @unknown default: "\(error)"
    }
  }

  private static func place(_ path: [any CodingKey]) -> String {
    guard !path.isEmpty else { return "it" }
    return path.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined().drop { $0 == "." }.description
  }
}

import FlyingFox
import FlyingSocks
import Foundation

/// One client's connection: reads requests one after the other, within the limits, and writes their answers.
struct Connection: Sendable {
  let socket: AsyncSocket
  let number: Int
  let server: ServerState

  /// Serves until the client or the server closes, or something is refused that leaves no next request to be found.
  func run() async {
    var received: [UInt8] = []
    do {
      while try await serveNext(&received) {}
    } catch let refusal as Refusal {
      await end(with: refusal)
    } catch is CancellationError {
      if !received.isEmpty { await end(with: Refusal(.requestTimeout, "The request did not arrive in time.")) }
    } catch {
      // The client is gone.
    }
    server.connections.close(number)
    try? socket.close()
  }

  /// Answers one request; false: there are no more.
  private func serveNext(_ received: inout [UInt8]) async throws -> Bool {
    guard let head = try await readHead(&received) else { return false }
    guard server.accepts(host: head.headers[.host]) else {
      throw Refusal(
        .misdirectedRequest,
        "This server answers to its own name only: ask for \(server.name), or start it with --host.")
    }
    // The body as it is received, in one piece, and while it grows from one to the other.
    let needed = 3 * (head.contentLength ?? 0) + 65_536
    try server.room.promise(needed)
    defer { server.room.giveBack(needed) }
    if head.expectsContinue, head.contentLength != nil {
      try await socket.write(Data("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }
    let body = try await read(head.contentLength ?? 0, &received)
    server.connections.wait(number, seconds: nil)
    let request = HTTPRequest(
      method: head.method, version: .http11, target: head.target, headers: head.headers,
      body: HTTPBodySequence(data: body, suggestedBufferSize: max(1, body.count)))
    let response =
      server.rate.admits()
      ? await server.handler(request)
      : Refusal(.tooManyRequests, "More requests a second than this server takes (--rate).", retryAfterSeconds: 1)
        .response
    let continues = head.keepsAlive && !server.connections.isEnding
    try await write(response, keepsAlive: continues, isHead: head.method == .HEAD)
    return continues
  }

  /// The next request's head; nil when the client closes instead. What was received beyond it stays in `received`.
  private func readHead(_ received: inout [UInt8]) async throws -> RequestHead? {
    let limits = server.limits
    server.connections.wait(
      number, seconds: received.isEmpty ? limits.idleSeconds : limits.transferSeconds, isIdle: received.isEmpty)
    if server.connections.isEnding, received.isEmpty { return nil }
    var searched = 0
    while true {
      if let end = Self.endOfHead(received, from: searched) {
        let head = try RequestHead(received[..<end], limits: limits)
        received.removeFirst(end + 4)
        return head
      }
      guard received.count < limits.headBytes else {
        throw Refusal(.requestHeaderFieldsTooLarge, "The request's head has more than \(limits.headBytes) bytes.")
      }
      searched = max(0, received.count - 3)
      do {
        let wasEmpty = received.isEmpty
        received += try await socket.read(atMost: limits.headBytes)
        if wasEmpty { server.connections.wait(number, seconds: limits.transferSeconds) }
      } catch SocketError.disconnected where received.isEmpty {
        return nil
      }
    }
  }

  /// Where the empty line begins.
  private static func endOfHead(_ bytes: [UInt8], from start: Int) -> Int? {
    var index = start
    while index + 3 < bytes.count {
      if bytes[index] == 13, bytes[index + 1] == 10, bytes[index + 2] == 13, bytes[index + 3] == 10 { return index }
      index += 1
    }
    return nil
  }

  private func read(_ count: Int, _ received: inout [UInt8]) async throws -> Data {
    var body = Data(received.prefix(count))
    received.removeFirst(body.count)
    while body.count < count { body += try await socket.read(atMost: count - body.count) }
    return body
  }

  private func write(_ response: HTTPResponse, keepsAlive: Bool, isHead: Bool = false) async throws {
    server.connections.wait(number, seconds: server.limits.transferSeconds)
    let body = try await response.bodyData
    var head = "HTTP/1.1 \(response.statusCode.code) \(response.statusCode.phrase)\r\n"
    for (name, value) in response.headers { head += "\(name.rawValue): \(value)\r\n" }
    head += "Content-Length: \(body.count)\r\nConnection: \(keepsAlive ? "keep-alive" : "close")\r\n\r\n"
    try await socket.write(Data(head.utf8) + (isHead ? Data() : body))
  }

  /// Answers and closes. What the client still sends is taken for a moment: closing at once would destroy the answer.
  private func end(with refusal: Refusal) async {
    server.connections.wait(number, seconds: 2)
    let socket = socket
    let response = refusal.response
    // A cancelled task may not wait any more.
    await Task {
      try? await write(response, keepsAlive: false)
      server.connections.wait(number, seconds: 2)
      shutdown(socket.socket.file.rawValue, Int32(SHUT_WR))
      let end = ContinuousClock.now + .seconds(1)
      var count = 0
      while ContinuousClock.now < end, count < 1024, (try? await socket.read(atMost: 65536)) != nil { count += 1 }
    }.value
  }
}

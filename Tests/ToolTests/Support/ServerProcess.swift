import Foundation
import FoundationNetworking

/// A started `martlet serve` and its clients.
final class ServerProcess: @unchecked Sendable {
  let process: pid_t
  private let port: UInt16
  private let session = URLSession(configuration: .ephemeral)
  private var hasEnded = false

  struct Answer {
    let status: Int
    let text: String
    let headers: [String: String]
    var json: [String: Any] {
      (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
    }
  }

  struct NoAnswer: Error {}

  /// Starts it on a free port and waits until it listens.
  /// - Parameter limits: words for a shell that starts it, like "ulimit -v 300000".
  init(_ arguments: String..., limits: String? = nil) throws {
    let output = TemporaryFolder.shared.file("server-\(UUID().uuidString)")
    let errors = TemporaryFolder.shared.file("server-errors-\(UUID().uuidString)")
    var command = [ToolProcess.tool.path, "serve", "--port", "0"] + arguments
    if let limits { command = ["/bin/sh", "-c", "\(limits); exec \"$0\" \"$@\""] + command }
    process = try ToolProcess.start(
      command,
      environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }, output: output.path,
      errors: errors.path)
    for _ in 0..<1000 {
      let text = String(decoding: (try? Data(contentsOf: output)) ?? Data(), as: UTF8.self)
      if let place = text.range(of: "http://127.0.0.1:"), text.hasSuffix("\n") {
        port = UInt16(text[place.upperBound...].prefix { $0.isNumber }) ?? 0
        return
      }
      usleep(20_000)
    }
    port = 0
    throw NoAnswer()
  }

  deinit { if !hasEnded { kill(process, SIGKILL) } }

  /// Sends a signal and waits for the end: the status.
  func stop(_ signal: Int32) throws -> Int32 {
    kill(process, signal)
    return try wait()
  }

  func wait() throws -> Int32 {
    hasEnded = true
    return try ToolProcess.wait(process)
  }

  func get(_ path: String) async throws -> Answer { try await ask(URLRequest(url: url(path))) }

  func post(_ path: String, _ body: Data) async throws -> Answer {
    var request = URLRequest(url: url(path))
    request.httpMethod = "POST"
    request.httpBody = body
    return try await ask(request)
  }

  /// The name of a model's first input.
  func inputName(_ model: String) async throws -> String {
    let inputs = try await get("/v2/models/\(model)").json["inputs"] as? [[String: Any]]
    return inputs?.first?["name"] as? String ?? ""
  }

  private func url(_ path: String) -> URL { URL(string: "http://127.0.0.1:\(port)\(path)")! }

  private func ask(_ request: URLRequest) async throws -> Answer {
    let (data, response) = try await session.data(for: request)
    guard let response = response as? HTTPURLResponse else { throw NoAnswer() }
    let headers = response.allHeaderFields.map { ("\($0.key)", "\($0.value)") }
    return Answer(
      status: response.statusCode, text: String(decoding: data, as: UTF8.self),
      headers: Dictionary(headers, uniquingKeysWith: { $1 }))
  }

  /// Bytes there and back on a connection of their own.
  func exchange(_ text: String) throws -> String {
    let descriptor = try open()
    defer { close(descriptor) }
    try write(text, on: descriptor)
    return try receive(descriptor, seconds: 5)
  }

  func open() throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw NoAnswer() }
    return descriptor
  }

  func write(_ text: String, on descriptor: Int32) throws {
    let bytes = Array(text.utf8)
    // What is refused early is not read to its end.
    _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// What comes until the server closes, or until a whole answer is there; nothing after so many seconds.
  func receive(_ descriptor: Int32, seconds: Int) throws -> String {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return String(decoding: received, as: UTF8.self) }
      received += buffer.prefix(count)
    }
  }
}

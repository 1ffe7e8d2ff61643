import FlyingFox
import FlyingSocks
import Foundation

/// An HTTP/1.1 server whose memory and time are bounded whatever its clients send. Sockets, their event loop, requests,
/// responses and routes are FlyingFox's; what a connection may send is read here, because FlyingFox bounds neither heads nor
/// bodies nor the number of connections.
public final class Server: Sendable {
  private let listening: AsyncSocket
  private let pool: any AsyncSocketPool
  private let state: ServerState
  /// Where the server listens.
  public let port: UInt16
  /// HOST:PORT, as clients ask for it.
  public var name: String { state.name }

  /// Listens on an address.
  /// - Parameters:
  ///   - host: a numeric address of this machine, or `localhost`.
  ///   - port: 0 chooses a free one.
  ///   - limits: what clients may send and keep open at most.
  ///   - room: where requests are promised the memory that they may need.
  ///   - handler: answers a request; several run at the same time.
  /// - Throws: `Refusal` with a sentence when the address cannot be had.
  public init(
    host: String, port: UInt16, limits: ServingLimits, room: MemoryRoom = MemoryRoom(),
    handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
  ) throws {
    let numeric = host == "localhost" ? "127.0.0.1" : host
    let socket: Socket
    do {
      socket = try Self.listen(numeric, port)
    } catch {
      throw Refusal(
        .serviceUnavailable,
        "The server cannot listen on \(host), port \(port): \(error). Choose another --port, or an address of this machine."
      )
    }
    let pool = HTTPServer.defaultPool()
    self.pool = pool
    listening = try AsyncSocket(socket: socket, pool: pool)
    switch try socket.sockname() {
    case .ip4(_, port: let number), .ip6(_, port: let number): self.port = number
    case .unix: self.port = 0
    }
    state = ServerState(
      limits: limits, connections: OpenConnections(most: limits.connections),
      rate: RateLimit(perSecond: limits.requestsPerSecond), room: room,
      name: "\(numeric.contains(":") ? "[\(numeric)]" : numeric):\(self.port)",
      isLoopback: numeric.hasPrefix("127.") || numeric == "::1", handler: handler)
  }

  private static func listen(_ host: String, _ port: UInt16) throws -> Socket {
    func open(_ address: some SocketAddress) throws -> Socket {
      let socket = try Socket(domain: Int32(address.family))
      do {
        try socket.setValue(true, for: .localAddressReuse)
        try socket.bind(to: address)
        try socket.listen(maxPendingConnection: 128)
        return socket
      } catch {
        try? socket.close()
        throw error
      }
    }
    return host.contains(":") ? try open(.inet6(ip6: host, port: port)) : try open(.inet(ip4: host, port: port))
  }

  /// Serves until the task is cancelled, or `stop` has been called and every request is answered.
  public func run() async throws {
    try await pool.prepare()
    let pool = pool
    let loop = Task { try await pool.run() }
    let sweeper = Task { [state] in
      while !Task.isCancelled {
        try? await Task.sleep(for: .milliseconds(100))
        state.connections.endLate()
      }
    }
    defer {
      sweeper.cancel()
      loop.cancel()
    }
    await withDiscardingTaskGroup { group in
      while !state.connections.isEnding, !Task.isCancelled {
        do {
          start(try await listening.accept(), in: &group)
        } catch is CancellationError {
          break
        } catch {
          // Too many open files, or a client that has gone: others may still come.
          try? await Task.sleep(for: .milliseconds(20))
        }
      }
      try? listening.close()
    }
  }

  private func start(_ socket: AsyncSocket, in group: inout DiscardingTaskGroup) {
    guard let number = state.connections.open() else {
      let response =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
      _ = try? socket.socket.write(Data(response.utf8), from: 0)
      try? socket.close()
      return
    }
    let connection = Connection(socket: socket, number: number, server: state)
    let task = Task { await connection.run() }
    state.connections.set(task, of: number)
    group.addTask { await task.value }
  }

  /// Takes no more connections, lets running requests be answered for so many seconds, then cuts off what is left.
  public func stop(graceSeconds: Double) async {
    state.connections.endIdle()
    // Wakes `run`, which waits for a client.
    shutdown(listening.socket.file.rawValue, Int32(SHUT_RDWR))
    let end = ContinuousClock.now + .seconds(graceSeconds)
    while state.connections.count > 0, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(20)) }
    state.connections.endAll()
  }
}

import FlyingFox

/// What all connections of a server share.
struct ServerState: Sendable {
  let limits: ServingLimits
  let connections: OpenConnections
  let rate: RateLimit
  let room: MemoryRoom
  /// HOST:PORT, as clients ask for it.
  let name: String
  /// Whether only this machine can connect.
  let isLoopback: Bool
  let handler: @Sendable (HTTPRequest) async -> HTTPResponse

  /// Whether a request that names this host is meant for this server. On loopback only names of loopback are: a page from
  /// elsewhere, whose name was made to point here, must not reach the server through a browser of this machine.
  func accepts(host: String?) -> Bool {
    guard isLoopback else { return true }
    guard let host = host?.lowercased() else { return false }
    let names = ["localhost", "127.0.0.1", "[::1]"]
    return names.contains {
      host == $0 || host.hasPrefix($0 + ":") && host.dropFirst($0.count + 1).allSatisfy(\.isNumber)
    }
  }
}

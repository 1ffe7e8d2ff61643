/// How much a server takes from whoever connects to it. Everything that is received or kept is bounded by one of these.
public struct ServingLimits: Sendable {
  /// The longest request line and headers, in bytes.
  public var headBytes = 16_384
  /// The most headers of one request.
  public var headers = 100
  /// The longest body, in bytes.
  public var bodyBytes = 16 << 20
  /// Connections that are open at once; whoever comes then is told so and closed.
  public var connections = 64
  /// Requests a second from all clients together, in the mean; twice as many may come at once.
  public var requestsPerSecond = 200.0
  /// How long one request, head and body, may take to arrive, and its answer to be taken, in seconds.
  public var transferSeconds = 30.0
  /// How long a connection may be open without a request, in seconds.
  public var idleSeconds = 60.0

  /// The default limits, which suit pictures from a few clients.
  public init() {}
}

import ArgumentParser
import CHost
import Dispatch
import FlyingFox
import Foundation
import Serving

/// `martlet serve MODEL…`.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves packed models over HTTP: the open inference protocol, and a page for photos.",
    discussion: """
      Example: martlet serve network.martlet
      Then: curl http://127.0.0.1:8080/v2/models/network
      The endpoints are those of version 2 of the open inference protocol (KServe), with tensors in JSON; the page at / takes
      photos. Only this machine can connect unless --host says otherwise: there is no encryption and no password, so that a
      server for others belongs behind a proxy that has them. Ctrl-C lets running requests end.
      """)

  @Argument(help: "Packed models; each is served under its file's name.", completion: .file(extensions: ["martlet"]))
  var models: [String]

  @Option(help: "The address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 chooses a free one.")
  var port: UInt16 = 8080

  @Option(help: "Threads that run networks, each with arenas of its own; by default one a core.")
  var workers: Int?

  @Option(help: "Requests that may wait for a worker; others are refused (503).")
  var queue = 16

  @Option(help: "Requests a second, in the mean; others are refused (429).")
  var rate = 200.0

  @Option(help: "Connections at once.")
  var connections = 32

  @Option(help: "The longest body in bytes; a longer one is refused (413).")
  var bodyLimit = 16 << 20

  @Option(help: "Seconds that running requests may take after Ctrl-C.")
  var grace = 10.0

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let url: String
    let models: [String]
    let workers: Int
  }

  func validate() throws {
    func check(_ isRight: Bool, _ sentence: String) throws { if !isRight { throw ValidationError(sentence) } }
    try check(workers.map { (1...256).contains($0) } ?? true, "--workers is a number from 1 to 256.")
    try check((0...10_000).contains(queue), "--queue is a number from 0 to 10000.")
    try check(rate > 0 && rate <= 1e6, "--rate is a number of requests a second above 0.")
    try check((1...10_000).contains(connections), "--connections is a number from 1 to 10000.")
    try check((1...1 << 30).contains(bodyLimit), "--body-limit is a number of bytes up to 1 GiB.")
    try check((0...3600).contains(grace), "--grace is a number of seconds up to 3600.")
  }

  func run() throws {
    let served = try models.map { try ServedModel($0) }
    if let name = Set(served.map(\.name)).first(where: { name in served.count { $0.name == name } > 1 }) {
      throw ToolError("Two models are called \(name): rename one of the files.")
    }
    let count = workers ?? ProcessInfo.processInfo.activeProcessorCount
    // Heaps of all threads would leave no addresses for threads to come where memory is limited.
    martlet_host_limit_heaps(2)
    // Whoever waits for a thread that the system does not give waits for ever.
    guard martlet_host_has_threads(Int32(count + ProcessInfo.processInfo.activeProcessorCount + 2)) != 0 else {
      throw ToolError(
        "the system does not give the threads of \(count) workers: raise its limits of memory (ulimit -v) and of processes "
          + "(ulimit -u), or take fewer --workers.")
    }
    let service = try InferenceService(served, workers: count, waitingAtMost: queue)
    var limits = ServingLimits()
    (limits.bodyBytes, limits.connections, limits.requestsPerSecond) = (bodyLimit, connections, rate)
    let server: Server
    do {
      server = try Server(host: host, port: port, limits: limits, room: service.room) { await service.answer($0) }
    } catch let refusal as Refusal {
      throw ToolError(refusal.reason)
    }
    signal(SIGPIPE, SIG_IGN)
    let grace = grace
    let done = DispatchSemaphore(value: 0)
    let signals = StopSignals(endingAfter: grace + 3) {
      service.end()
      Task {
        await server.stop(graceSeconds: grace)
        // Every request is answered or cut off: a socket that nothing wakes must not keep the process alive.
        try? await Task.sleep(for: .seconds(1))
        done.signal()
      }
    }
    let result = Result(url: "http://\(server.name)/", models: served.map(\.name), workers: count)
    try output.emit(result) { print("serving \(result.models.joined(separator: ", ")) at \(result.url)") }
    fflush(nil)
    try Self.wait(for: done) { try await server.run() }
    withExtendedLifetime(signals) {}
  }

  /// Runs to the end of `body`, or until somebody else says that it is over. The thread that waits is the process's first,
  /// which no task needs.
  private static func wait(for done: DispatchSemaphore, _ body: @escaping @Sendable () async throws -> Void) throws {
    let failure = Failure()
    Task.detached {
      do { try await body() } catch { failure.set(error) }
      done.signal()
    }
    done.wait()
    if let error = failure.error { throw error }
  }
}

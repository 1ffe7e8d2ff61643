import FlyingFox
import Foundation
import Testing

@testable import Serving

/// Heads of requests: read, or refused with the right status.
@Suite struct RequestHeadTests {
  private func head(_ lines: String..., limits: ServingLimits = ServingLimits()) throws(Refusal) -> RequestHead {
    try RequestHead(lines.joined(separator: "\r\n").utf8, limits: limits)
  }

  private func status(_ lines: String..., limits: ServingLimits = ServingLimits()) -> Int {
    do throws(Refusal) {
      _ = try RequestHead(lines.joined(separator: "\r\n").utf8, limits: limits)
      return 200
    } catch {
      return error.status.code
    }
  }

  @Test func readsWhatIsRight() throws {
    let read = try head(
      "POST /v2/models/a%20b/infer?x=1 HTTP/1.1", "Host: localhost:80", "Content-LENGTH: 12", "Expect: 100-continue")
    #expect(read.method == .POST && read.contentLength == 12 && read.keepsAlive && read.expectsContinue)
    #expect(read.target.path(percentEncoded: false) == "/v2/models/a b/infer" && read.target.query() == "x=1")
    #expect(read.headers[.host] == "localhost:80")
    #expect(try !head("GET / HTTP/1.1", "Connection: close").keepsAlive)
    #expect(try !head("GET / HTTP/1.0").keepsAlive)
    #expect(try head("GET / HTTP/1.0", "Connection: Keep-Alive").keepsAlive)
  }

  @Test func refusesTheRest() {
    #expect(status("GET / HTTP/1.1") == 200)
    for line in ["", "GET", "GET /", "GET  / HTTP/1.1", "get / HTTP/1.1", "GET x HTTP/1.1", "GET /\u{7f} HTTP/1.1"] {
      #expect(status(line) == 400, "\(line)")
    }
    #expect(status("GET / HTTP/2.0") == 505)
    for line in ["", "x", ": y", "a b: c", " folded: x", "a: b\rc: d", "a: \u{0}"] {
      #expect(status("GET / HTTP/1.1", line) == 400, "\(line)")
    }
    for length in ["-1", "+1", "1 2", "0x1", "", "1e3", "9999999999999999999"] {
      #expect(status("POST / HTTP/1.1", "Content-Length: \(length)") == 400, "\(length)")
    }
    #expect(status("POST / HTTP/1.1", "Content-Length: 1", "Content-Length: 1") == 400)
    #expect(status("POST / HTTP/1.1", "Content-Length: 999999999") == 413)
    #expect(status("POST / HTTP/1.1", "Transfer-Encoding: chunked") == 411)
    var limits = ServingLimits()
    limits.headers = 1
    #expect(status("GET / HTTP/1.1", "a: b", "c: d", limits: limits) == 431)
  }

  @Test func anyBytesAreReadOrRefused() {
    var random = SystemRandomNumberGenerator()
    let whole = Array("POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close".utf8)
    var accepted = 0
    for _ in 0..<2000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 0..<3, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      do throws(Refusal) {
        _ = try RequestHead(bytes, limits: ServingLimits())
        accepted += 1
      } catch {
        #expect(!error.reason.isEmpty)
      }
    }
    #expect(accepted > 100)
  }

  @Test func rateIsHeldInTheMean() {
    let limit = RateLimit(perSecond: 2)
    let start = ContinuousClock.now + .seconds(1)
    #expect((0..<10).count { _ in limit.admits(at: start) } == 4)
    #expect((0..<10).count { _ in limit.admits(at: start + .seconds(1)) } == 2)
    #expect((0..<10).count { _ in limit.admits(at: start + .seconds(100)) } == 4)
  }

  @Test func connectionsAreCounted() {
    let open = OpenConnections(most: 2)
    let first = open.open()
    #expect(first != nil && open.open() != nil && open.open() == nil)
    open.close(first ?? 0)
    #expect(open.open() != nil)
    open.endIdle()
    open.close(2)
    #expect(open.open() == nil)
  }

  @Test func memoryIsPromisedWhileThereIsSome() throws {
    let room = MemoryRoom()
    try room.promise(1 << 20)
    for impossible in [1 << 60, Int.max] {
      let refusal = #expect(throws: Refusal.self) { try room.promise(impossible) }
      #expect(refusal?.status == .serviceUnavailable && refusal?.retryAfterSeconds == 1)
    }
    // What was refused is not promised.
    try room.promise(1 << 20)
    room.giveBack(2 << 20)
    try room.promise(0)
  }
}

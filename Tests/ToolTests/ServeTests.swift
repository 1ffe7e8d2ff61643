import Foundation
import FoundationNetworking
import Testing

@testable import Serving
@testable import Tool

/// `martlet serve` as its clients meet it.
@Suite(.serialized) struct ServeTests {
  private static let network: String = {
    let path = TemporaryFolder.shared.file("lenet.martlet").path
    _ = try? ToolProcess("convert", "--architecture", "LeNet-5", "--random-weights", "3", "-o", path)
    return path
  }()

  private func infer(_ type: String, _ numbers: [Double], shape: [Int] = [1, 28, 28, 1], more: String = "") -> String {
    """
    {"id":"7","inputs":[{"name":"NAME","shape":\(shape),"datatype":"\(type)","data":\(numbers)}]\(more)}
    """
  }

  @Test func answersAsTheProtocolSays() async throws {
    let server = try ServerProcess(Self.network)
    #expect(try await server.get("/v2").json["name"] as? String == "martlet")
    #expect(try await server.get("/v2/health/live").status == 200)
    #expect(try await server.get("/v2/health/ready").status == 200)
    #expect(try await server.get("/v2/models/lenet/ready").json["ready"] as? Bool == true)
    let metadata = try await server.get("/v2/models/lenet").json
    let inputs = try #require(metadata["inputs"] as? [[String: Any]])
    #expect(inputs[0]["shape"] as? [Int] == [1, 28, 28, 1])
    let name = try #require(inputs[0]["name"] as? String)
    let numbers = (0..<784).map { Double($0 % 7) - 3 }
    let classifier = try PackedClassifier(Self.network)
    let scores = try classifier.scores(.tensor(shape: [28, 28, 1], values: numbers.map(Float.init)))
    for data in [
      "\(numbers)", "[[\((0..<28).map { "\(Array(numbers[$0 * 28..<$0 * 28 + 28]))" }.joined(separator: ","))]]",
    ] {
      let body = infer("FP32", []).replacingOccurrences(of: "NAME", with: name).replacingOccurrences(
        of: "[]", with: data)
      let answer = try await server.post("/v2/models/lenet/infer", Data(body.utf8))
      #expect(answer.status == 200, "\(answer.text)")
      #expect(answer.json["id"] as? String == "7" && answer.json["model_name"] as? String == "lenet")
      let output = try #require((answer.json["outputs"] as? [[String: Any]])?.first)
      #expect((output["data"] as? [Double])?.map(Float.init) == scores)
      #expect(output["shape"] as? [Int] == [1, 10] && output["datatype"] as? String == "FP32")
    }
    let quantized = infer("INT8", (0..<784).map { Double($0 % 256 - 128) }, more: #","parameters":{"quantized":true}"#)
      .replacingOccurrences(of: "NAME", with: name)
    let answer = try await server.post("/v2/models/lenet/infer", Data(quantized.utf8))
    try classifier.model.setInput(quantized: (0..<784).map { Int8($0 % 256 - 128) })
    classifier.model.run()
    let output = try #require((answer.json["outputs"] as? [[String: Any]])?.first)
    #expect((output["data"] as? [Int])?.map(Int32.init) == (try classifier.model.outputValues()))
    #expect(output["datatype"] as? String == "INT8")
    #expect(try server.stop(SIGTERM) == 0)
  }

  @Test func saysWhatIsWrong() async throws {
    let server = try ServerProcess(Self.network, "--body-limit", "100000")
    let name = try await server.inputName("lenet")
    let zeros = [Double](repeating: 0, count: 784)
    let cases: [(status: Int, word: String, body: String)] = [
      (400, "inputs", "{}"), (400, "body", "{"), (400, "body", ""), (400, "array", "[]"),
      (400, "missing", infer("FP32", zeros)),
      (400, "shape", infer("FP32", zeros, shape: [784]).replacingOccurrences(of: "NAME", with: name)),
      (400, "783", infer("FP32", Array(zeros.dropLast())).replacingOccurrences(of: "NAME", with: name)),
      (400, "FP64", infer("FP64", zeros).replacingOccurrences(of: "NAME", with: name)),
      (400, "0.5", infer("INT8", [0.5] + zeros.dropLast()).replacingOccurrences(of: "NAME", with: name)),
      (400, "-128", infer("INT8", [-129] + zeros.dropLast()).replacingOccurrences(of: "NAME", with: name)),
      (
        400, "outpost",
        infer("FP32", zeros, more: #","outputs":[{"name":"outpost"}]"#).replacingOccurrences(of: "NAME", with: name)
      ),
      (400, "data", infer("FP32", []).replacingOccurrences(of: "[]", with: String(repeating: "[", count: 400))),
    ]
    for (status, word, body) in cases {
      let answer = try await server.post("/v2/models/lenet/infer", Data(body.utf8))
      #expect(answer.status == status, "\(body.prefix(80)): \(answer.text)")
      let reason = answer.json["error"] as? String ?? ""
      if word != "-128" { #expect(reason.contains(word), "\(body.prefix(80)): \(reason)") }
    }
    let nowhere = try await server.get("/v2/models/abacus")
    #expect(nowhere.status == 404 && nowhere.text.contains("lenet"))
    #expect(try await server.get("/nowhere").status == 404)
    #expect(try await server.get("/v2/models/lenet/infer").status == 405)
    #expect(try await server.post("/v2", Data()).status == 405)
    let large = try await server.post("/v2/models/lenet/infer", Data(count: 100_001))
    #expect(large.status == 413 && large.text.contains("--body-limit"))
    #expect(try server.exchange("GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n").hasPrefix("HTTP/1.1 421 "))
    #expect(try server.exchange("GET / HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 421 "))
    #expect(try server.exchange("nonsense\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
    #expect(try server.exchange("GET /\(String(repeating: "x", count: 40_000))").hasPrefix("HTTP/1.1 431 "))
    #expect(try await server.get("/v2/health/live").status == 200)
    #expect(try server.stop(SIGINT) == 0)
  }

  @Test func refusesMoreThanItTakes() async throws {
    // One request at once, and the next after a quarter of an hour.
    let server = try ServerProcess(Self.network, "--rate", "0.001", "--connections", "2")
    var statuses: [Int] = []
    for _ in 0..<3 { statuses.append(try await server.get("/v2/health/live").status) }
    #expect(statuses == [200, 429, 429])
    let held = try (0..<3).map { _ in try server.open() }
    #expect(try held.reversed().contains { try server.receive($0, seconds: 5).hasPrefix("HTTP/1.1 503 ") })
    for descriptor in held { close(descriptor) }
    #expect(try server.stop(SIGTERM) == 0)
  }

  @Test func waitsForOnesThatRun() async throws {
    let server = try ServerProcess(Self.network)
    let idle = try server.open()
    let busy = try server.open()
    try server.write("POST /v2/models/lenet/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{", on: busy)
    usleep(200_000)
    kill(server.process, SIGTERM)
    usleep(200_000)
    try server.write("}", on: busy)
    let answer = try server.receive(busy, seconds: 5)
    #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("Connection: close"), "\(answer)")
    #expect(try server.receive(idle, seconds: 5).isEmpty)
    for descriptor in [idle, busy] { close(descriptor) }
    #expect(try server.wait() == 0)
  }

  @Test func showsPhotos() async throws {
    let server = try ServerProcess(Self.network)
    let page = try await server.get("/")
    #expect(
      page.text.contains("drop") && page.headers["Content-Security-Policy"]?.contains("default-src 'none'") == true)
    #expect(page.text.range(of: "(src|href)=\"", options: .regularExpression) == nil)
    #expect(try await server.get("/photo").json["models"] as? [String] == ["lenet"])
    let photo = Data("P5 40 30 255\n".utf8) + Data((0..<1200).map { UInt8($0 % 251) })
    let answer = try await server.post("/photo/lenet?top=3", photo)
    let top = try #require(answer.json["top"] as? [[String: Any]], "\(answer.text)")
    #expect(top.count == 3 && answer.json["latency_ms"] as? Double ?? 0 > 0)
    let index = try #require(top[0]["index"] as? Int)
    let heat = try await server.post("/photo/lenet/heatmap?class=\(index)", photo).json
    let (cells, drops) = (heat["cells"] as? Int ?? 0, heat["drops"] as? [Double] ?? [])
    #expect(cells >= 4 && drops.count == cells * cells && drops.contains { $0 != 0 })
    #expect(heat["probability"] as? Double == top[0]["probability"] as? Double)
    #expect(try await server.post("/photo/lenet", Data("no picture".utf8)).status == 400)
    #expect(try await server.post("/photo/lenet/heatmap?class=10", photo).status == 400)
    #expect(try await server.post("/photo/lenet/heatmap?class=x", photo).status == 400)
    #expect(try server.stop(SIGTERM) == 0)
  }

  /// What would take more memory than there is is refused with a sentence, and what is modest still answered.
  @Test func littleMemoryRefuses() async throws {
    let server = try ServerProcess(Self.network, limits: "ulimit -v 500000")
    let modest = Data("P5 40 30 255\n".utf8) + Data(repeating: 9, count: 1200)
    let long = "{\"inputs\":[{\"data\":[" + String(repeating: "1,", count: 8_000_000) + "1]}]}"
    let large: [(path: String, body: Data)] = [
      ("/v2/models/lenet/infer", Data(long.utf8)),
      ("/photo/lenet", Data("P5 10000 9999 255\n".utf8) + Data(count: 1000)),
      // A head that states a body, which never comes: its memory is promised when it does.
      ("/photo/lenet", Data("P5 9000 9000 255\n".utf8)),
    ]
    for (path, body) in large {
      let answer = try await server.post(path, body)
      #expect([400, 503].contains(answer.status), "\(answer.text)")
      #expect(answer.json["error"] is String)
      #expect(try await server.post("/photo/lenet", modest).status == 200)
    }
    #expect(try await server.post(large[0].path, large[0].body).text.contains("not enough memory"))
    #expect(try server.stop(SIGTERM) == 0)
  }

  /// A heap of its own for each thread would use up the addresses of a process whose memory is limited.
  @Test func workersShareHeaps() async throws {
    let server = try ServerProcess(Self.network, "--workers", "12")
    let photo = Data("P5 40 30 255\n".utf8) + Data(repeating: 9, count: 1200)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<48 { group.addTask { try await server.post("/photo/lenet", photo).status } }
      for try await status in group { #expect([200, 429, 503].contains(status)) }
    }
    let status = try String(contentsOfFile: "/proc/\(server.process)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmSize:") })
    let kilobytes = try #require(Int(line.split(whereSeparator: \.isWhitespace)[1]))
    #expect(kilobytes < 500_000)
    #expect(try server.stop(SIGTERM) == 0)
  }

  /// Where the system gives no threads, the server says so instead of waiting for them.
  @Test func fewThreadsGiveASentence() throws {
    let run = try ToolProcess(["serve", Self.network, "--port", "0", "--workers", "250"], limits: "ulimit -v 900000")
    #expect(run.status == 1 && run.errors.contains("threads of 250 workers"), "\(run.status): \(run.errors)")
  }

  @Test func aFullQueueRefuses() async throws {
    let model = try ServedModel(Self.network)
    let workers = try ServingWorkers([model], count: 1, waitingAtMost: 0)
    let (began, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let first = Task {
      try await workers.run(model) { _ in
        began.signal()
        mayEnd.wait()
        return 1
      }
    }
    await Task.detached { Self.wait(began) }.value
    do {
      _ = try await workers.run(model) { _ in 2 }
      Issue.record("a second request was taken")
    } catch let refusal as Refusal {
      #expect(refusal.status.code == 503 && refusal.retryAfterSeconds == 1)
    }
    mayEnd.signal()
    #expect(try await first.value == 1)
    #expect(try await workers.run(model) { _ in 3 } == 3)
  }

  private static func wait(_ semaphore: DispatchSemaphore) { semaphore.wait() }

  @Test func refusesWhatItCannotServe() throws {
    #expect(try ToolProcess("serve", "nowhere.martlet").status == 1)
    #expect(try ToolProcess("serve", Self.network, Self.network).errors.contains("rename"))
    #expect(try ToolProcess("serve", Self.network, "--host", "256.0.0.1").status == 1)
    #expect(try ToolProcess("serve", Self.network, "--workers", "0").status == 64)
  }
}

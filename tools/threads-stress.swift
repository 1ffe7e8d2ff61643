// Runs packed models with 2 to 4 threads, for the thread sanitizer, and compares each answer with that of one thread.
import CHost
import CShim
import Martlet
import Threads

/// The answers of one model to `count` inputs, by a session of so many threads; nil: it cannot be opened.
func answers(_ file: UnsafeRawBufferPointer, threads: Int, count: Int) throws -> [[Int32]] {
  let model = try Verifier<Every>.verify(file)
  let arena = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, model.arenaBytes), alignment: 64)
  defer { arena.deallocate() }
  _ = arena.initializeMemory(as: UInt8.self, repeating: 0xA5)
  var session = try ThreadedSession(Session(model, arena: arena), threads: threads)
  var answers: [[Int32]] = []
  for run in 0..<count {
    try session.withSession { session throws(Fault) in
      for position in 0..<session.inputCount {
        let input = session.input(position)
        let values = (0..<input.count * Int(input.elementBytes)).map {
          UInt8(truncatingIfNeeded: $0 &* 37 &+ run &* 11)
        }
        try session.setInput(position, bytes: values.span.bytes)
      }
    }
    session.run()
    let answer = try session.withSession { session throws(Fault) in
      var values = [Int32](repeating: 0, count: session.output().count)
      var span = values.mutableSpan
      try session.copyOutput(into: &span)
      return values
    }
    answers.append(answer)
  }
  return answers
}

@main enum ThreadsStress {
  static func main() {
    var models = 0
    for path in CommandLine.arguments.dropFirst() {
      var (bytes, count) = (UnsafeRawPointer?.none, 0)
      guard martlet_host_map_file(path, &bytes, &count) == 0 else { fatalError("\(path) cannot be opened") }
      defer { martlet_host_unmap_file(bytes, count) }
      let file = UnsafeRawBufferPointer(start: bytes, count: count)
      do {
        let alone = try answers(file, threads: 1, count: 4)
        for threads in 2...4 where try answers(file, threads: threads, count: 4) != alone {
          fatalError("\(path): \(threads) threads answer otherwise")
        }
      } catch { fatalError("\(path): \(error)") }
      models += 1
    }
    print("\(models) models with 2 to 4 threads answer as with one")
  }
}

import CHost
import Martlet

/// Nanoseconds.
struct Times {
  /// Mapping and verifying the model, the arena, and setting the inputs.
  var load: UInt64
  /// The first run.
  var run: UInt64
}

extension Console {
  fileprivate mutating func put(milliseconds nanoseconds: UInt64) {
    put(Float(Int(truncatingIfNeeded: nanoseconds) / 1000) / 1000, decimals: 3)
    put(" ms")
  }
}

/// The answer on standard output.
enum Report {
  /// Prints the `top` largest values of the first output, then the time.
  /// - Returns: false when standard output cannot be written.
  static func print<Operators: OperatorSet>(
    _ session: borrowing Session<Operators>, _ model: borrowing Verified<Operators>, top: Int, times: Times
  ) throws(Fault) -> Bool {
    let record = session.output()
    let count = record.count
    guard let pages = martlet_host_allocate_pages(4 * count) else { return false }
    let values = UnsafeMutableBufferPointer(start: pages.assumingMemoryBound(to: Int32.self), count: count)
    var span = values.mutableSpan
    try session.copyOutput(into: &span)
    var output = Console(descriptor: 1)
    var last: Int?
    for _ in 0..<min(top, count) {
      guard let best = next(values, after: last) else { break }
      output.put(Float(Int(values[best]) - Int(record.zeroPoint)) * record.scale, decimals: 4)
      output.put(best, width: 6)
      if let label = model.labels.line(best) {
        output.put("  ")
        label.withBytes { output.put($0) }
      }
      output.put("\n")
      last = best
    }
    output.put("latency")
    output.put(milliseconds: times.run)
    output.put(" after loading in")
    output.put(milliseconds: times.load)
    output.put("; arena ")
    output.put(model.arenaBytes)
    output.put(" bytes, peak memory ")
    output.put(Int(truncatingIfNeeded: martlet_host_peak_resident_bytes()))
    output.put(" bytes, private memory ")
    output.put(Int(truncatingIfNeeded: martlet_host_private_bytes()))
    output.put(" bytes, kernels ")
    output.put(cString: session.kernelFamily)
    output.put("\n")
    output.flush()
    return output.failure == 0
  }

  /// The index that follows `last` in the order: larger values first, equal ones by index.
  private static func next(_ values: UnsafeMutableBufferPointer<Int32>, after last: Int?) -> Int? {
    var best: Int?
    for index in 0..<values.count {
      if let last {
        guard values[index] < values[last] || (values[index] == values[last] && index > last) else { continue }
      }
      if let found = best, values[index] <= values[found] { continue }
      best = index
    }
    return best
  }
}

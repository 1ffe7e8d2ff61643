import CAllocationCounter
import CShim
import Compiler
import Martlet

/// A packed model run once by one kernel family, in an arena with guards around it and stale bytes in it.
struct PackedRun {
  /// The values of each output.
  var outputs: [[Int32]]
  /// Heap allocations of the second run: the first one lets a debug build make its metadata.
  var allocations: UInt64
  /// Whether the bytes before and after the arena are as they were.
  var guardsAreIntact: Bool

  /// - Parameter stale: what the arena is filled with before.
  init(_ model: borrowing Verified<Every>, _ inputs: [[Int32]], kernels: UnsafePointer<martlet_kernels>, stale: UInt8)
    throws
  {
    let guardBytes = 256
    let memory = AlignedBytes(count: model.arenaBytes + 2 * guardBytes)
    memory.buffer.initializeMemory(as: UInt8.self, repeating: 0xA5)
    let arena = UnsafeMutableRawBufferPointer(rebasing: memory.buffer[guardBytes..<(guardBytes + model.arenaBytes)])
    arena.initializeMemory(as: UInt8.self, repeating: stale)
    var session = try Session(model, arena: arena, kernels: kernels)
    try Self.set(inputs, of: &session)
    session.run()
    try Self.set(inputs, of: &session)
    let before = allocation_counter_count()
    session.run()
    allocations = allocation_counter_count() - before
    outputs = []
    for position in 0..<session.outputCount {
      let record = session.output(position)
      var values = [Int32](repeating: 0, count: Int(record.height) * Int(record.width) * Int(record.channels))
      var span = values.mutableSpan
      try session.copyOutput(position, into: &span)
      outputs.append(values)
    }
    guardsAreIntact =
      memory.buffer[..<guardBytes].allSatisfy { $0 == 0xA5 }
      && memory.buffer[(guardBytes + model.arenaBytes)...].allSatisfy { $0 == 0xA5 }
  }

  private static func set(_ inputs: [[Int32]], of session: inout Session<Every>) throws {
    for (position, values) in inputs.enumerated() {
      if session.input(position).element == .int16 {
        let wide = values.map { Int16($0) }
        try session.setInput(position, wide.span)
      } else {
        let narrow = values.map { Int8($0) }
        try session.setInput(position, narrow.span)
      }
    }
  }
}

/// The kernel families of this processor.
func availableKernels() -> [UnsafePointer<martlet_kernels>] {
  (0..<32).compactMap { family in
    martlet_families() >> UInt32(family) & 1 == 1 ? martlet_kernels_for(martlet_family(rawValue: UInt32(family))) : nil
  }
}

import CAllocationCounter
import CShim
import Compiler
import Graph
import Testing
import Threads

import typealias Martlet.Every
import struct Martlet.Session
import struct Martlet.Verified
import enum Martlet.Verifier

/// Several threads give the bytes of one, allocate nothing while they run, and write inside the arena only.
struct ThreadsTests {
  /// An inverted residual, a wide convolution on few rows, pooling and a classifier: large enough to be divided by rows
  /// and by channels.
  private func network(_ seed: UInt64) throws -> Problem {
    try Problem(seed) { problem in
      let channels = problem.pick([16, 24, 40])
      let x = problem.input([1, problem.pick(13...34), problem.pick(20...30), channels])
      let padding = Padding2D(top: 1, left: 1, bottom: 1, right: 1)
      var y = try problem.apply(Conv2D(padding: padding), x, problem.weights([64, 3, 3, channels]), problem.bias(64))
      y = try problem.apply(Activation(.relu), y)
      y = try problem.apply(
        DepthwiseConv2D(padding: padding), y, problem.weights([3, 3, 64], channelsLast: true), problem.bias(64))
      y = try problem.apply(Conv2D(), y, problem.weights([channels, 1, 1, 64]), problem.bias(channels))
      y = try problem.apply(Add(), y, x)
      y = try problem.apply(MaxPool2D(window: Size2D(3, 3), stride: Size2D(3, 3)), y)
      let wide = problem.pick([300, 520])
      y = try problem.apply(Conv2D(), y, problem.weights([wide, 1, 1, channels]), problem.bias(wide))
      let shape = problem.graph[y].shape
      y = try problem.apply(AveragePool2D(window: Size2D(shape[1], shape[2])), y)
      y = try problem.apply(Reshape(shape: [1, wide]), y)
      return [try problem.apply(FullyConnected(), y, problem.weights([700, wide]), problem.bias(700))]
    }
  }

  /// Operators that move pixels or have scratch of their own.
  private func movingNetwork(_ seed: UInt64) throws -> Problem {
    try Problem(seed) { problem in
      let shape = [1, problem.pick(21...34), problem.pick(20...30), problem.pick([16, 20])]
      let x = problem.input(shape)
      let axis = ResizeAxis(scale: 2, coordinates: .halfPixel)
      let size = Size2D(2 * shape[1], 2 * shape[2])
      let smooth = try problem.apply(Resize(size: size, rows: axis, columns: axis, sampling: .linear), x)
      let rough = try problem.apply(Resize(size: size, rows: axis, columns: axis, sampling: .former), x)
      var y = try problem.apply(Maximum(), smooth, try problem.apply(Subtract(), rough, smooth))
      y = try problem.apply(SpaceToDepth(block: Size2D(2, 2)), y)
      y = try problem.apply(DepthToSpace(block: Size2D(2, 2), order: .channelsFirst), y)
      return [try problem.apply(LogSoftmax(), try problem.apply(Minimum(), y, rough))]
    }
  }

  /// Operators that look at more than their own pixel or channel.
  private func normalizingNetwork(_ seed: UInt64) throws -> Problem {
    try Problem(seed) { problem in
      let x = problem.input([1, problem.pick(21...34), problem.pick(20...30), 24])
      var y = x
      for (groups, extent) in [(24, GroupNormalization.Extent.image), (3, .image), (1, .pixel)] {
        let operation = GroupNormalization(groups: groups, extent: extent, epsilon: 1e-5)
        y = try problem.apply(operation, y, problem.bias(24), problem.bias(24))
      }
      y = try problem.apply(LocalResponseNormalization(before: 2, after: 2, alpha: 0.1, beta: 0.75, bias: 1), y)
      y = try problem.apply(LpPool(window: Size2D(2, 2)), y)
      y = try problem.apply(TopK(count: 7, result: .values), y)
      return [try problem.apply(LpNormalization(), y)]
    }
  }

  @Test(arguments: 0..<16 as Range<UInt64>) func givesTheBytesOfOneThread(seed: UInt64) throws {
    var problem = try seed < 8 ? network(seed) : seed < 12 ? movingNetwork(seed) : normalizingNetwork(seed)
    let examples = (0..<2).map { _ in problem.inputs() }
    var options = CompileOptions()
    options.correctsBiases = false
    options.checkedExamples = 0
    options.arena = [.automatic, .smallest, .wholeTensors][Int(seed % 3)]
    options.weights = seed % 2 == 0 ? .int8 : .int4
    let packed = try compile(
      problem.graph, calibration: CalibrationData(count: 2) { examples[$0] }, options: options,
      workers: Workers(count: 1))
    let bytes = AlignedBytes(copying: packed.bytes)
    let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(bytes.buffer))
    let record = model.tensor(model.inputTensor(0))
    let inputs = (0..<record.count).map { _ in Int8(truncatingIfNeeded: problem.pick(-128...127)) }
    for family in availableKernels() {
      let reference = try PackedRun(model, [inputs.map(Int32.init)], kernels: family, stale: 0)
      let expected = reference.outputs[0].map { Int8(truncatingIfNeeded: $0) }
      for threads in 1...4 { try run(model, inputs, family, threads: threads, expected: expected) }
    }
  }

  private func run(
    _ model: borrowing Verified<Every>, _ inputs: [Int8], _ kernels: UnsafePointer<martlet_kernels>, threads: Int,
    expected: [Int8]
  ) throws {
    let guardBytes = 256
    let memory = AlignedBytes(count: model.arenaBytes + 2 * guardBytes)
    memory.buffer.initializeMemory(as: UInt8.self, repeating: 0xA5)
    let arena = UnsafeMutableRawBufferPointer(rebasing: memory.buffer[guardBytes..<(guardBytes + model.arenaBytes)])
    var session = try ThreadedSession(Session(model, arena: arena, kernels: kernels), threads: threads)
    var allocations: UInt64 = 0
    for round in 0..<20 {
      var found = [Int8](repeating: 0, count: expected.count)
      try session.withSession { try $0.setInput(inputs.span) }
      let before = allocation_counter_count()
      session.run()
      if round > 0 { allocations += allocation_counter_count() - before }
      try session.withSession {
        var span = found.mutableSpan
        try $0.copyOutput(into: &span)
      }
      #expect(found == expected, "\(threads) threads differ from one in run \(round)")
    }
    #expect(memory.buffer[..<guardBytes].allSatisfy { $0 == 0xA5 })
    #expect(memory.buffer[(guardBytes + model.arenaBytes)...].allSatisfy { $0 == 0xA5 })
    if allocation_counter_is_active() == 1 { #expect(allocations == 0, "\(threads) threads allocate") }
  }

  /// Pieces computed alone, in the opposite order, with scratch of their own, give the same bytes; small work is left
  /// whole, large work is divided evenly.
  @Test(arguments: 0..<6 as Range<UInt64>) func piecesAreIndependent(seed: UInt64) throws {
    let bytes = try packed(seed)
    let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(bytes.buffer))
    let memory = AlignedBytes(count: model.arenaBytes)
    var session = try Session(model, arena: memory.buffer)
    let scratch = AlignedBytes(count: max(64, session.scratchBytesPerThread))
    var expected = [Int8](repeating: 0, count: session.output().count)
    var found = expected
    let inputs = (0..<session.input().count).map { Int8(truncatingIfNeeded: $0 &* 31) }
    try session.setInput(inputs.span)
    session.run()
    var span = expected.mutableSpan
    try session.copyOutput(into: &span)
    var divided = 0
    for threads in [1, 2, 3, 5] {
      try session.setInput(inputs.span)
      for number in 0..<session.turnCount {
        let pieces = session.pieces(ofTurn: number, threads: threads)
        #expect(pieces.count == 1 || threads > 1)
        if pieces.count > 1 { divided += 1 }
        for piece in (0..<pieces.count).reversed() {
          session.run(turn: number, piece: piece, of: pieces, scratch: scratch.buffer.baseAddress)
        }
      }
      var span = found.mutableSpan
      try session.copyOutput(into: &span)
      #expect(found == expected, "pieces for \(threads) threads")
    }
    #expect(divided > 0)
  }

  private func packed(_ seed: UInt64) throws -> AlignedBytes {
    var problem = try network(seed)
    let example = problem.inputs()
    var options = CompileOptions()
    options.arena = [.automatic, .smallest, .wholeTensors][Int(seed % 3)]
    let packed = try compile(
      problem.graph, calibration: CalibrationData(count: 1) { _ in example }, options: options,
      workers: Workers(count: 1))
    return AlignedBytes(copying: packed.bytes)
  }

  @Test func refusesSenselessNumbers() throws {
    let bytes = try packed(1)
    let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(bytes.buffer))
    let memory = AlignedBytes(count: model.arenaBytes)
    for threads in [-1, 0, 257, .max] {
      #expect(throws: ThreadsError.self) {
        _ = try ThreadedSession(Session(model, arena: memory.buffer), threads: threads)
      }
    }
  }
}

import CShim

/// A model ready to run in an arena that the caller owns. Nothing is allocated from here on.
///
/// ```swift
/// let model = try Verifier<Every>.verify(bytes)
/// var session = try Session(model, arena: arena)
/// try session.setInput(values)
/// session.run()
/// try session.copyOutput(into: &scores)
/// ```
public struct Session<Operators: OperatorSet>: ~Copyable {
  let view: ModelView
  let arena: UnsafeMutablePointer<UInt8>
  let kernels: UnsafePointer<martlet_kernels>

  /// A session of `model` in the first `model.arenaBytes` bytes of `arena`, which must be 64-byte aligned.
  /// The model's bytes and the arena must outlive the session.
  /// - Parameter kernels: a processor family's table; by default the fastest that this processor runs.
  /// - Throws: `arenaTooSmall`, `misaligned`.
  public init(
    _ model: borrowing Verified<Operators>, arena: UnsafeMutableRawBufferPointer,
    kernels: UnsafePointer<martlet_kernels> = martlet_best_kernels()
  ) throws(Fault) {
    guard let base = arena.baseAddress, arena.count >= model.arenaBytes else {
      throw Fault(.arenaTooSmall, detail: model.arenaBytes)
    }
    guard UInt(bitPattern: base) % 64 == 0 else { throw Fault(.misaligned, detail: 0) }
    view = model.view.duplicate()
    self.arena = base.assumingMemoryBound(to: UInt8.self)
    self.kernels = kernels
  }

  /// Number of operators.
  public var operatorCount: Int { view.operatorCount }

  /// Runs the whole network on what the inputs hold. Inputs share memory with later tensors: set them before each run.
  public mutating func run() {
    for index in 0..<operatorCount { runOperator(index) }
  }

  /// Runs operator number `index` alone; run all of them in order for an answer.
  public mutating func run(operator index: Int) {
    precondition((0..<operatorCount).contains(index))
    runOperator(index)
  }

  /// Runs the whole network and stores what each operator took by `clock`.
  /// - Parameters:
  ///   - clock: a monotonic time, in nanoseconds or cycles.
  ///   - durations: at least `operatorCount` elements; the unit is the clock's.
  public mutating func run(clock: () -> UInt64, durations: inout MutableSpan<UInt64>) {
    precondition(durations.count >= operatorCount)
    var before = clock()
    for index in 0..<operatorCount {
      runOperator(index)
      let after = clock()
      durations[index] = after &- before
      before = after
    }
  }

  /// Not inlined: it holds every operator of the set, and `run` comes in several forms.
  @inline(never)
  private func runOperator(_ index: Int) {
    let step = Step(model: view, index: index, arena: arena)
    Operators.run(step, rows: 0..<step.output.height, kernels: kernels)
  }

  /// The name of the processor family whose kernels run, as `MARTLET_ISA` spells it.
  public var kernelFamily: UnsafePointer<CChar> { martlet_family_name(kernels.pointee.family) }
}

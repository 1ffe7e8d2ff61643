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
  /// Whether the first input is given row by row, with `push`, instead of whole.
  public let takesRows: Bool
  /// Where `push` goes on.
  var nextTurn = 0
  /// Rows of the first input given since the last answer.
  var rowsPushed: Int32 = 0

  /// A session of `model` in the first `model.arenaBytes` bytes of `arena`, which must be 64-byte aligned.
  /// The model's bytes and the arena must outlive the session.
  /// `kernels` is a processor family's table; by default the fastest that this processor runs.
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
    takesRows = view.takesRows
    self.arena = base.assumingMemoryBound(to: UInt8.self)
    self.kernels = kernels
    reset()
  }

  /// Makes the network forget earlier runs: every state becomes its zero point, as in a new session.
  public mutating func reset() {
    for index in 0..<view.tensorCount where view.tensors[index].isState {
      wholePlace(of: view.tensors + index).fillWithZeroPoint()
    }
  }

  /// Number of operators.
  public var operatorCount: Int { view.operatorCount }

  /// Runs the whole network on what the inputs hold, and on what earlier runs left in its states. Inputs share memory with
  /// later tensors: set them before each run.
  ///
  /// A model whose first input is pushed row by row (`takesRows`) computes on whatever rows the ring of the input holds:
  /// right for measuring time, while `push` gives answers.
  public mutating func run() {
    nextTurn = 0
    rowsPushed = 0
    for number in 0..<turnCount { runTurn(number) }
  }

  /// Number of turns in a run: one an operator, or more when operators take turns by rows.
  public var turnCount: Int { view.turnCount }

  /// Runs turn number `number` alone; run all of them in order for an answer.
  /// - Returns: the operator, and which rows of its output are there now.
  @discardableResult
  public mutating func run(turn number: Int) -> Turn {
    precondition((0..<turnCount).contains(number))
    runTurn(number)
    let index = view.operatorIndex(ofTurn: number)
    return Turn(operatorIndex: index < 0 ? nil : index, rows: view.rows(ofTurn: number))
  }

  /// Runs the whole network and stores what each operator took by `clock`, all of its turns together.
  /// - Parameters:
  ///   - clock: a monotonic time, in nanoseconds or cycles.
  ///   - durations: at least `operatorCount` elements; the unit is the clock's.
  public mutating func run(clock: () -> UInt64, durations: inout MutableSpan<UInt64>) {
    precondition(durations.count >= operatorCount)
    for index in 0..<operatorCount { durations[index] = 0 }
    var before = clock()
    for number in 0..<turnCount {
      let index = view.operatorIndex(ofTurn: number)
      if index < 0 { continue }
      runTurn(number)
      let after = clock()
      durations[index] &+= after &- before
      before = after
    }
  }

  /// Not inlined: it holds every operator of the set, and `run` comes in several forms. Specialized for the built-in set:
  /// a generic walk down that list costs more than a small operator.
  #if !hasFeature(Embedded)
    @_specialize(where Operators == Every)
  #endif
  @inline(never)
  func runTurn(_ number: Int) {
    let index = view.operatorIndex(ofTurn: number)
    if index < 0 { return }
    let step = Step(model: view, index: index, arena: arena)
    Operators.run(step, rows: view.rows(ofTurn: number), kernels: kernels)
  }

  /// The name of the processor family whose kernels run, as `MARTLET_ISA` spells it.
  public var kernelFamily: UnsafePointer<CChar> { martlet_family_name(kernels.pointee.family) }
}

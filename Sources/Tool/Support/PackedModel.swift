import CHost
import CShim
import Finetuning
import Martlet
import Threads

/// An input that goes into a model row by row.
private enum WaitingInput {
  case pixels([UInt8])
  case reals([Float])
  case quantized([Int8])
  /// As `Session.setInput(_:bytes:)` takes them.
  case bytes([UInt8])

  /// The bytes of the input's own values, as a session makes them.
  func quantized(_ input: TensorRecord, _ preprocessing: PreprocessingRecord?) -> [Int8] {
    switch self {
    case .quantized(let values): return values
    case .bytes(let values): return values.map { Int8(bitPattern: $0) }
    case .pixels(let values):
      guard let rule = preprocessing else { return [] }
      let (channels, table) = (Int(rule.channels), rule.pixelTable)
      return values.indices.map { index in
        let (pixel, channel) = (index / channels, index % channels)
        let isBlueFirst = channels == 3 && rule.channelOrder == 1
        let source = isBlueFirst ? channels - 1 - channel : channel
        return Int8(bitPattern: table[channel * 256 + Int(values[pixel * channels + source])] ^ 0x80)
      }
    case .reals(let values):
      let isInt16 = input.element == .int16
      return values.flatMap { value -> [Int8] in
        let steps = (value / input.scale).rounded(.toNearestOrEven)
        let limit: Float = isInt16 ? 32768 : 128
        let zeroPoint = isInt16 ? 0 : Float(input.zeroPoint)
        let held = steps.isNaN ? -limit : max(-limit, min(limit - 1, steps + zeroPoint))
        let number = Int16(held)
        return isInt16
          ? [Int8(truncatingIfNeeded: number), Int8(truncatingIfNeeded: number >> 8)] : [Int8(number)]
      }
    }
  }
}

/// A packed model opened from a file, with an arena and a session of its own.
final class PackedModel {
  let file: MappedFile
  let arenaBytes: Int
  let labels: [String]
  let preprocessing: PreprocessingRecord?
  private let arena: UnsafeMutableRawBufferPointer
  private var session: Session<Every>
  /// The first input of a model that takes it row by row, until `run`.
  private var rows: WaitingInput?
  /// A session in the same arena for several threads.
  private var team: ThreadedSession<Every>?

  /// Opens and verifies.
  /// - Parameters:
  ///   - head: a head patch to put on the model.
  ///   - threads: how many threads `run` uses.
  ///   - family: whose kernels run; nil: the fastest, or what MARTLET_ISA names. This processor must have it.
  /// - Throws: `ToolError` with the file, the reason and a remedy.
  convenience init(_ path: String, head: String? = nil, threads: Int = 1, family: martlet_family? = nil) throws {
    try self.init(
      file: head.map { try MappedFile(path, bytes: HeadFile.merged(path, head: $0).model) } ?? MappedFile(path),
      threads: threads, family: family)
  }

  /// Verifies a file that is in memory.
  /// - Throws: `ToolError` with the file, the reason and a remedy.
  init(file: MappedFile, threads: Int = 1, family: martlet_family? = nil) throws {
    try PackedModel.checkForcedFamily()
    self.file = file
    let path = file.path
    let verified = try PackedModel.verified(file)
    arenaBytes = verified.arenaBytes
    labels = PackedModel.lines(verified.labels)
    preprocessing = verified.preprocessing
    guard let pages = martlet_host_allocate_pages(arenaBytes) else {
      throw ToolError("\(path): there is no memory for an arena of \(arenaBytes.grouped) bytes; close other programs.")
    }
    arena = UnsafeMutableRawBufferPointer(start: pages, count: arenaBytes)
    do throws(Fault) {
      let kernels = family.flatMap { martlet_kernels_for($0) } ?? martlet_best_kernels()!
      session = try Session(verified, arena: arena, kernels: kernels)
    } catch {
      throw ToolError(sentence(error, file: path))
    }
    guard threads > 1 else { return }
    do {
      team = try ThreadedSession(Session(verified, arena: arena), threads: threads)
    } catch {
      throw ToolError("\(error)")
    }
  }

  deinit {
    team = nil
    martlet_host_unmap_file(arena.baseAddress, arena.count)
  }

  /// The family whose kernels run.
  var kernelFamily: String { String(cString: session.kernelFamily) }
  var operatorCount: Int { session.operatorCount }
  var inputCount: Int { session.inputCount }
  var outputCount: Int { session.outputCount }

  func input(_ index: Int) -> TensorRecord { session.input(index) }
  func output(_ index: Int) -> TensorRecord { session.output(index) }

  /// Names of the outputs.
  var outputNames: [String] {
    get throws {
      try inspect { verified in
        var names: [String] = []
        for position in 0..<verified.outputCount {
          names.append(String(verified.name(verified.tensor(verified.outputTensor(position)).name)))
        }
        return names
      }
    }
  }

  /// Whether the first input goes in row by row.
  var takesRows: Bool { session.takesRows }

  /// Runs the network on what the inputs hold, or on the rows of the first input that are waiting. Without any, a model
  /// that takes rows computes on what its memory holds, which suffices for measuring.
  func run() {
    if let rows { push(rows) } else if team == nil { session.run() } else { team?.run() }
  }

  /// Gives the rows one after the other; their size was checked when they were set.
  private func push(_ rows: WaitingInput) {
    let height = Int(session.input().height)
    let count = session.input().count / height
    for row in 0..<height {
      let range = row * count..<(row + 1) * count
      switch rows {
      case .pixels(let values): _ = try? session.push(pixels: values.span.extracting(range))
      case .reals(let values): _ = try? session.push(reals: values.span.extracting(range))
      case .quantized(let values): _ = try? session.push(row: values.span.extracting(range))
      case .bytes(let values):
        let size = values.count / height
        _ = try? session.push(bytes: values.span.bytes.extracting(row * size..<(row + 1) * size))
      }
    }
  }

  /// Keeps the first input for `run` when the model takes it row by row.
  private func waits(_ index: Int, count: Int, _ input: WaitingInput) throws -> Bool {
    guard takesRows, index == 0 else { return false }
    let needed = session.input().count
    try refusing { () throws(Fault) in
      guard count == needed else { throw Fault(.inputOutput, index: 0, detail: needed) }
      if case .pixels = input, preprocessing == nil { throw Fault(.text) }
    }
    rows = input
    return true
  }

  /// Runs and stores each operator's nanoseconds.
  func run(profile: inout [UInt64]) {
    var durations = profile.mutableSpan
    session.run(clock: { martlet_host_nanoseconds() }, durations: &durations)
  }

  /// Puts a picture of exactly the input's size in, through the file's pixel table.
  func setInput(pixels: [UInt8]) throws {
    if try waits(0, count: pixels.count, .pixels(pixels)) { return }
    try refusing { () throws(Fault) in try session.setInput(pixels: pixels.span) }
  }

  /// Puts real values, H×W×C, into an input.
  func setInput(_ index: Int = 0, reals: [Float]) throws {
    if try waits(index, count: reals.count, .reals(reals)) { return }
    try refusing { () throws(Fault) in try session.setInput(index, reals: reals.span) }
  }

  /// Puts int8 values, H×W×C, into an input.
  func setInput(_ index: Int = 0, quantized: [Int8]) throws {
    if try waits(index, count: quantized.count, .quantized(quantized)) { return }
    try refusing { () throws(Fault) in try session.setInput(index, quantized.span) }
  }

  /// Puts the input's own values (int8, or little-endian int16), H×W×C, into it.
  func setInput(_ index: Int, bytes: [UInt8]) throws {
    let elementBytes = Int(session.input(index).elementBytes)
    if try waits(index, count: bytes.count / elementBytes, .bytes(bytes)) { return }
    try refusing { () throws(Fault) in try session.setInput(index, bytes: bytes.span.bytes) }
  }

  /// An output's own values, H×W×C.
  func outputValues(_ index: Int = 0) throws -> [Int32] {
    var values = [Int32](repeating: 0, count: session.output(index).count)
    try refusing { () throws(Fault) in
      var span = values.mutableSpan
      try session.copyOutput(index, into: &span)
    }
    return values
  }

  /// An output's real values, H×W×C.
  func outputReals(_ index: Int = 0) throws -> [Float] {
    let record = session.output(index)
    var values = [Float](repeating: 0, count: Int(record.height) * Int(record.width) * Int(record.channels))
    try refusing { () throws(Fault) in
      var span = values.mutableSpan
      try session.copyOutput(index, reals: &span)
    }
    return values
  }

  /// The bytes of the values, H×W×C, that an input holds before a run: int8, or little-endian int16.
  func inputValues(_ index: Int) throws -> [Int8] {
    if index == 0, let rows { return rows.quantized(session.input(), preprocessing) }
    let tensor = try inspect { verified in verified.inputTensor(index) }
    var values = [Int32](repeating: 0, count: session.input(index).count)
    try refusing { () throws(Fault) in
      var span = values.mutableSpan
      try session.copyTensor(tensor, into: &span)
    }
    guard session.input(index).element == .int16 else { return values.map { Int8(truncatingIfNeeded: $0) } }
    return values.flatMap { [Int8(truncatingIfNeeded: $0), Int8(truncatingIfNeeded: $0 >> 8)] }
  }

  /// Runs the file's self-test; nil when every operator's output is what the file says.
  func selfTest() -> Fault? {
    var checks = [UInt32](repeating: 0, count: session.operatorCount)
    do throws(Fault) {
      var span = checks.mutableSpan
      try session.selfTest(checks: &span)
      return nil
    } catch {
      return error
    }
  }

  /// Calls `body` with the verified model, to look at its records.
  func inspect<Result>(_ body: (borrowing Verified<Every>) throws -> Result) throws -> Result {
    try body(try PackedModel.verified(file))
  }

  /// Proves what only some processors rely on, too.
  func requireWeightSums() throws {
    try inspect { verified in
      do throws(Fault) { try verified.requireWeightSums() } catch { throw ToolError(sentence(error, file: file.path)) }
    }
  }

  private static func verified(_ file: MappedFile) throws -> Verified<Every> {
    do throws(Fault) {
      return try Verifier<Every>.verify(file.bytes)
    } catch {
      throw ToolError(sentence(error, file: file.path))
    }
  }

  private func refusing(_ body: () throws(Fault) -> Void) throws {
    do throws(Fault) { try body() } catch { throw ToolError(sentence(error, file: file.path)) }
  }

  private static func lines(_ text: Text) -> [String] {
    String(text).split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLastWhere(\.isEmpty)
  }

  /// MARTLET_ISA must name a family that this processor has.
  static func checkForcedFamily() throws {
    guard martlet_forced_family_missing() == 1 else { return }
    throw ToolError(
      "MARTLET_ISA names a kernel family that this processor or build lacks; `martlet list` prints those that run here."
    )
  }
}

extension Array {
  fileprivate func dropLastWhere(_ isDropped: (Element) -> Bool) -> [Element] {
    guard let last, isDropped(last) else { return self }
    return Array(dropLast())
  }
}

import CHost
import CShim
import Martlet

/// `martlet-run`: opens a model, verifies it, runs it once, prints the answer. The same source makes the ordinary program
/// and the Embedded one.
enum EdgeRun {
  /// Exit codes of sysexits.h.
  enum Status: Int32 {
    case success = 0
    case usage = 64
    case badData = 65
    case noInput = 66
    case noMemory = 71
    case cannotWrite = 74
  }

  static let usage: StaticString = """
    usage: martlet-run MODEL.martlet [INPUT] [--top K]
           martlet-run MODEL.martlet --selftest

    Runs a packed model once and prints its K largest outputs (default 5).
    INPUT is a binary PPM or PGM picture of exactly the model's input size, or a file of
    exactly as many int8 (or int16) values as the model's inputs have. Without INPUT all values
    are the zero point.
    --selftest runs the test that the file brings along and compares each operator's output.

    """

  static func run(count: Int32, values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
    martlet_host_explain_signals()
    guard let arguments = Arguments(count: count, values: values) else {
      var errors = Console(descriptor: 2)
      errors.put(usage)
      errors.flush()
      return Status.usage.rawValue
    }
    guard !arguments.wantsHelp, let model = arguments.model else {
      var output = Console(descriptor: 1)
      output.put(usage)
      output.flush()
      return Status.success.rawValue
    }
    guard martlet_forced_family_missing() == 0 else {
      return fail(nil, "MARTLET_ISA names a kernel family that this processor or this build lacks", .usage)
    }
    let begin = martlet_host_nanoseconds()
    guard let bytes = map(model) else { return fail(model, "cannot be read, or is empty", .noInput) }
    do throws(Fault) {
      return try answer(arguments, model: model, bytes: bytes, since: begin)
    } catch {
      return explain(model, error)
    }
  }

  private static func answer(
    _ arguments: Arguments, model: UnsafePointer<CChar>, bytes: UnsafeRawBufferPointer, since begin: UInt64
  ) throws(Fault) -> Int32 {
    let verified = try Verifier<Every>.verify(bytes)
    guard let pages = martlet_host_allocate_pages(verified.arenaBytes) else {
      return fail(model, "needs more memory for its arena than there is", .noMemory)
    }
    let arena = UnsafeMutableRawBufferPointer(start: pages, count: verified.arenaBytes)
    var session = try Session(verified, arena: arena)
    guard !arguments.wantsSelfTest else { return try selfTest(&session, verified) }
    for position in 0..<session.inputCount { try session.fillInput(position) }
    var rows: UnsafeRawBufferPointer?
    if let path = arguments.input {
      guard let input = map(path) else { return fail(path, "cannot be read, or is empty", .noInput) }
      if let reason = try InputFile.load(
        input, into: &session, acceptsPictures: verified.byteCount(of: .preprocessing) > 0)
      {
        return fail(path, reason, .badData)
      }
      rows = session.takesRows ? input : nil
    }
    let loaded = martlet_host_nanoseconds()
    if let rows { try InputFile.push(rows, into: &session) } else { session.run() }
    let times = Times(load: loaded &- begin, run: martlet_host_nanoseconds() &- loaded)
    return try Report.print(session, verified, top: arguments.top, times: times)
      ? Status.success.rawValue : fail(nil, "cannot write the answer", .cannotWrite)
  }

  /// The file's self-test; the first operator whose output differs is named on standard error.
  private static func selfTest(_ session: inout Session<Every>, _ model: borrowing Verified<Every>) throws(Fault)
    -> Int32
  {
    let count = session.operatorCount
    guard session.hasSelfTest else { throw Fault(.selfTest) }
    guard let pages = martlet_host_allocate_pages(4 * max(count, 1)) else {
      return fail(nil, "there is no memory for the checks", .noMemory)
    }
    let buffer = UnsafeMutableBufferPointer(start: pages.assumingMemoryBound(to: UInt32.self), count: count)
    do throws(Fault) {
      var checks = buffer.mutableSpan
      try session.selfTest(checks: &checks)
    } catch {
      var errors = Console(descriptor: 2)
      errors.put("martlet-run: operator ")
      errors.put(Int(error.index))
      errors.put(", ")
      errors.put(model.kind(ofOperator: Int(error.index)))
      errors.put(" ")
      model.name(model.operatorRecord(Int(error.index)).name).withBytes { errors.put($0) }
      errors.put(", is the first whose output differs; kernels ")
      errors.put(cString: session.kernelFamily)
      errors.put("\n")
      errors.flush()
      throw error
    }
    var output = Console(descriptor: 1)
    output.put("all ")
    output.put(count)
    output.put(" operators agree; kernels ")
    output.put(cString: session.kernelFamily)
    output.put("\n")
    output.flush()
    return output.failure == 0 ? Status.success.rawValue : fail(nil, "cannot write the answer", .cannotWrite)
  }

  private static func map(_ path: UnsafePointer<CChar>) -> UnsafeRawBufferPointer? {
    var start: UnsafeRawPointer?
    var count = 0
    guard martlet_host_map_file(path, &start, &count) == 0 else { return nil }
    return UnsafeRawBufferPointer(start: start, count: count)
  }

  private static func fail(_ path: UnsafePointer<CChar>?, _ reason: StaticString, _ status: Status) -> Int32 {
    var errors = Console(descriptor: 2)
    errors.put("martlet-run: ")
    if let path {
      errors.put(cString: path)
      errors.put(" ")
    }
    errors.put(reason)
    errors.put(".\n")
    errors.flush()
    return status.rawValue
  }

  private static func explain(_ path: UnsafePointer<CChar>, _ fault: Fault) -> Int32 {
    var errors = Console(descriptor: 2)
    errors.put("martlet-run: ")
    errors.put(cString: path)
    errors.put(": ")
    errors.put(fault.code.explanation)
    errors.put(" (code ")
    errors.put(Int(fault.code.rawValue))
    if fault.index != 0xFFFF {
      errors.put(", place ")
      errors.put(Int(fault.index))
    }
    errors.put(", detail ")
    errors.put(Int(fault.detail))
    errors.put("). ")
    errors.put(fault.code.remedy)
    errors.put("\n")
    errors.flush()
    return Status.badData.rawValue
  }
}

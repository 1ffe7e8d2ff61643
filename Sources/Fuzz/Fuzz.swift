import Foundation

#if RUNTIME_ALONE
  import ModelAttack

  /// Bounds small enough for tens of thousands of executions a second.
  private let trial = Trial(arenaBytes: 1 << 16, work: 1 << 18)
#else
  import FuzzTargets

  /// The door that this process tries: `MARTLET_FUZZ_TARGET`.
  private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["MARTLET_FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
      fatalError("MARTLET_FUZZ_TARGET must be one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))")
    }
    return target
  }()
#endif

/// One execution, as libFuzzer asks for it.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  #if RUNTIME_ALONE
    _ = trial.run(UnsafeRawBufferPointer(start: data, count: count))
  #else
    target.run([UInt8](UnsafeBufferPointer(start: data, count: count)))
  #endif
  return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ testOneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The process's entry, under the name that the package manager links executables by.
@_cdecl("Fuzz_main")
public func fuzzMain(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
  let words = CommandLine.arguments
  #if RUNTIME_ALONE
    if words.count > 2, words[1] == "attack" { return attack(Array(words[3...]), mostPlaces: Int(words[2]) ?? .max) }
  #else
    if words.count == 3, words[1] == "seeds" { return writeSeeds(into: words[2]) }
  #endif
  var (count, arguments) = (count, arguments)
  return runDriver(&count, &arguments) { testOneInput($0, $1) }
}

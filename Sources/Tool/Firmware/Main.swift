import CFirmware
import Martlet

/// Verifies the network in flash, runs its self-test, prints its answer to the self-test's input and the time of a run.
@main
enum Firmware {
  static func main() {
    let bytes = UnsafeRawBufferPointer(start: firmware_model(), count: Int(NETWORK_BYTES))
    let arena = UnsafeMutableRawBufferPointer(start: firmware_arena(), count: Int(NETWORK_ARENA_BYTES))
    do throws(Fault) {
      let model = try Verifier<NetworkOperators>.verify(bytes)
      var session = try Session(model, arena: arena)
      try test(&session, model)
      try printOutputs(session)
      measure(&session, model)
    } catch {
      write("fault ")
      firmware_write_number(Int32(error.code.rawValue))
      write(" at ")
      firmware_write_number(Int32(error.index))
      write("; `martlet explain` says what it means\n")
      firmware_exit(1)
    }
    firmware_exit(0)
  }

  /// Compares every operator's output with what the host computed; what is wrong is named before it is thrown.
  private static func test(_ session: inout Session<NetworkOperators>, _ model: borrowing Verified<NetworkOperators>)
    throws(Fault)
  {
    write("kernels ")
    firmware_write(session.kernelFamily)
    write("\n")
    let words = UnsafeMutableBufferPointer(start: firmware_checks(), count: session.operatorCount)
    do throws(Fault) {
      var checks = words.mutableSpan
      try session.selfTest(checks: &checks)
    } catch {
      if error.code == .selfTest, Int(error.index) < session.operatorCount {
        write("operator ")
        firmware_write_number(Int32(error.index))
        write(" ")
        write(model.kind(ofOperator: Int(error.index)))
        write(" differs: ")
        firmware_write_hexadecimal(error.detail)
        write("\n")
      }
      throw error
    }
    write("self-test: all ")
    firmware_write_number(Int32(truncatingIfNeeded: session.operatorCount))
    write(" operators agree\n")
  }

  /// The quantized values of each output, at most twenty of one.
  private static func printOutputs(_ session: borrowing Session<NetworkOperators>) throws(Fault) {
    for position in 0..<session.outputCount {
      write("output ")
      firmware_write_number(Int32(truncatingIfNeeded: position))
      write(":")
      let count = session.output(position).count
      let values = UnsafeMutableBufferPointer(start: firmware_values(), count: count)
      var span = values.mutableSpan
      try session.copyOutput(position, into: &span)
      for index in 0..<min(count, 20) {
        write(" ")
        firmware_write_number(values[index])
      }
      write("\n")
    }
  }

  /// The clocks of one run, operator by operator, all turns of one together.
  private static func measure(
    _ session: inout Session<NetworkOperators>, _ model: borrowing Verified<NetworkOperators>
  ) {
    var total: UInt32 = 0
    let clocks = UnsafeMutableBufferPointer(start: firmware_checks(), count: session.operatorCount)
    for index in 0..<session.operatorCount { clocks[index] = 0 }
    for number in 0..<session.turnCount {
      firmware_start_clock()
      let turn = session.run(turn: number)
      let duration = firmware_stop_clock()
      guard let index = turn.operatorIndex else { continue }
      clocks[index] &+= duration
      total &+= duration
    }
    for index in 0..<session.operatorCount {
      write("clocks ")
      firmware_write_number(Int32(truncatingIfNeeded: clocks[index]))
      write(" ")
      write(model.kind(ofOperator: index))
      write("\n")
    }
    write("clocks a run: ")
    firmware_write_number(Int32(truncatingIfNeeded: total))
    write("\n")
  }

  /// A string literal passed to C would allocate; a static string's bytes do not, and end with a zero.
  private static func write(_ text: StaticString) {
    firmware_write(UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self))
  }
}

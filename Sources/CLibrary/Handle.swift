import CMartlet
import CShim
import Martlet

/// What lies in the memory that a C caller gives to `martlet_session_open`.
struct Handle: ~Copyable {
  let model: Verified<Every>
  var session: Session<Every>
}

/// The handle behind an opaque pointer of C, which `martlet_session_open` made.
func handle(_ session: OpaquePointer) -> UnsafeMutablePointer<Handle> { UnsafeMutablePointer(session) }

/// No fault.
func fine() -> martlet_fault { martlet_fault(code: 0, index: 0xFFFF, detail: 0) }

/// A fault of the runtime as C sees it.
func refused(_ fault: Fault) -> martlet_fault {
  martlet_fault(code: fault.code.rawValue, index: fault.index, detail: fault.detail)
}

/// Calls `body` and returns its fault, if any.
func attempt(_ body: () throws(Fault) -> Void) -> martlet_fault {
  do throws(Fault) {
    try body()
    return fine()
  } catch {
    return refused(error)
  }
}

/// An operand of `count` values that a C caller gave; an absent one is empty.
func values<Value>(_ pointer: UnsafePointer<Value>?, _ count: Int) -> UnsafeBufferPointer<Value> {
  UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : max(0, count))
}

/// Room for `count` values that a C caller gave; absent room is empty.
func room<Value>(_ pointer: UnsafeMutablePointer<Value>?, _ count: Int) -> UnsafeMutableBufferPointer<Value> {
  UnsafeMutableBufferPointer(start: pointer, count: pointer == nil ? 0 : max(0, count))
}

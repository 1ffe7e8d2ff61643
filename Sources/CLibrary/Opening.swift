import CMartlet
import CShim
import Martlet

/// The one fault that is not the runtime's: the memory of a session is too small or misaligned (detail: bytes needed).
var sessionMemoryCode: UInt16 { UInt16(truncatingIfNeeded: MARTLET_SESSION_MEMORY) }

/// `martlet_explanation` of martlet.h: a text that lasts as long as the library.
@c(martlet_explanation)
public func explanation(_ code: UInt16) -> UnsafePointer<CChar> {
  if code == sessionMemoryCode {
    return text("the memory for the session is smaller than martlet_session_bytes() or begins at no multiple of 16")
  }
  guard let known = Fault.Code(rawValue: code) else { return text("") }
  return text(known.explanation)
}

/// `martlet_remedy` of martlet.h: a text that lasts as long as the library.
@c(martlet_remedy)
public func remedy(_ code: UInt16) -> UnsafePointer<CChar> {
  if code == sessionMemoryCode { return text("Give it martlet_session_bytes() bytes from aligned_alloc or malloc.") }
  guard let known = Fault.Code(rawValue: code) else { return text("") }
  return text(known.remedy)
}

private func text(_ text: StaticString) -> UnsafePointer<CChar> {
  UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// `martlet_model_verify` of martlet.h: checks `modelBytes` bytes at a multiple of 64, and says how many bytes the
/// arena needs.
@c(martlet_model_verify)
public func modelVerify(
  _ model: UnsafeRawPointer?, _ modelBytes: Int, _ arenaBytes: UnsafeMutablePointer<Int>?
) -> martlet_fault {
  attempt { () throws(Fault) in
    let verified = try Verifier<Every>.verify(
      UnsafeRawBufferPointer(start: model, count: model == nil ? 0 : modelBytes))
    arenaBytes?.pointee = verified.arenaBytes
  }
}

/// `martlet_session_bytes` of martlet.h: bytes of memory that a session needs besides its arena.
@c(martlet_session_bytes)
public func sessionBytes() -> Int { (MemoryLayout<Handle>.size + 63) / 64 * 64 }

/// `martlet_session_open` of martlet.h: sizes are in bytes; the session keeps to the three memories given.
@c(martlet_session_open)
public func sessionOpen(
  _ model: UnsafeRawPointer?, _ modelBytes: Int, _ arena: UnsafeMutableRawPointer?, _ arenaBytes: Int,
  _ memory: UnsafeMutableRawPointer?, _ memoryBytes: Int, _ session: UnsafeMutablePointer<OpaquePointer?>
) -> martlet_fault {
  session.pointee = nil
  guard let memory, memoryBytes >= sessionBytes(), UInt(bitPattern: memory) % 16 == 0 else {
    return martlet_fault(
      code: sessionMemoryCode, index: 0xFFFF, detail: UInt32(truncatingIfNeeded: sessionBytes()))
  }
  do throws(Fault) {
    let verified = try Verifier<Every>.verify(
      UnsafeRawBufferPointer(start: model, count: model == nil ? 0 : modelBytes))
    let bytes = UnsafeMutableRawBufferPointer(start: arena, count: arena == nil ? 0 : arenaBytes)
    let opened = try Session(verified, arena: bytes)
    let place = memory.assumingMemoryBound(to: Handle.self)
    place.initialize(to: Handle(model: verified, session: opened))
    session.pointee = OpaquePointer(place)
    return fine()
  } catch {
    return refused(error)
  }
}

/// `martlet_session_close` of martlet.h: the caller has the three memories again.
@c(martlet_session_close)
public func sessionClose(_ session: OpaquePointer?) {
  guard let session else { return }
  handle(session).deinitialize(count: 1)
}

import CMartlet
import CShim
import Martlet

/// `martlet_explanation` of martlet.h.
@c(martlet_explanation)
public func explanation(_ code: UInt16) -> UnsafePointer<CChar> {
  guard let known = Fault.Code(rawValue: code) else { return text("") }
  return text(known.explanation)
}

/// `martlet_remedy` of martlet.h.
@c(martlet_remedy)
public func remedy(_ code: UInt16) -> UnsafePointer<CChar> {
  guard let known = Fault.Code(rawValue: code) else { return text("") }
  return text(known.remedy)
}

private func text(_ text: StaticString) -> UnsafePointer<CChar> {
  UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// `martlet_model_verify` of martlet.h.
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

/// `martlet_session_bytes` of martlet.h.
@c(martlet_session_bytes)
public func sessionBytes() -> Int { (MemoryLayout<Handle>.size + 63) / 64 * 64 }

/// `martlet_session_open` of martlet.h.
@c(martlet_session_open)
public func sessionOpen(
  _ model: UnsafeRawPointer?, _ modelBytes: Int, _ arena: UnsafeMutableRawPointer?, _ arenaBytes: Int,
  _ memory: UnsafeMutableRawPointer?, _ memoryBytes: Int, _ session: UnsafeMutablePointer<OpaquePointer?>
) -> martlet_fault {
  session.pointee = nil
  guard let memory, memoryBytes >= sessionBytes() else {
    return refused(Fault(.arenaTooSmall, detail: sessionBytes()))
  }
  guard UInt(bitPattern: memory) % 16 == 0 else { return refused(Fault(.misaligned, detail: 0)) }
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

/// `martlet_session_close` of martlet.h.
@c(martlet_session_close)
public func sessionClose(_ session: OpaquePointer?) {
  guard let session else { return }
  handle(session).deinitialize(count: 1)
}

import CMartlet
import CShim
import Martlet

/// `martlet_session_set_reals` of martlet.h: `count` = height × width × channels real values.
@c(martlet_session_set_reals)
public func setReals(_ session: OpaquePointer, _ index: Int32, _ reals: UnsafePointer<Float>?, _ count: Int)
  -> martlet_fault
{
  guard index >= 0, index < inputCount(session) else { return refused(Fault(.inputOutput, index: Int(index))) }
  let span = values(reals, count).span
  return attempt { () throws(Fault) in try handle(session).pointee.session.setInput(Int(index), reals: span) }
}

/// `martlet_session_set_values` of martlet.h: `count` bytes: the input's own int8 or int16 values, H×W×C.
@c(martlet_session_set_values)
public func setValues(_ session: OpaquePointer, _ index: Int32, _ bytes: UnsafeRawPointer?, _ count: Int)
  -> martlet_fault
{
  guard index >= 0, index < inputCount(session) else { return refused(Fault(.inputOutput, index: Int(index))) }
  let span = UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : max(0, count)).bytes
  return attempt { () throws(Fault) in try handle(session).pointee.session.setInput(Int(index), bytes: span) }
}

/// `martlet_session_set_pixels` of martlet.h: `count` = height × width × channels bytes of 0…255, red first.
@c(martlet_session_set_pixels)
public func setPixels(_ session: OpaquePointer, _ pixels: UnsafePointer<UInt8>?, _ count: Int) -> martlet_fault {
  let span = values(pixels, count).span
  return attempt { () throws(Fault) in try handle(session).pointee.session.setInput(pixels: span) }
}

/// `martlet_session_push_reals` of martlet.h: `count` = width × channels real values, the next row.
@c(martlet_session_push_reals)
public func pushReals(
  _ session: OpaquePointer, _ row: UnsafePointer<Float>?, _ count: Int, _ isDone: UnsafeMutablePointer<Int32>?
) -> martlet_fault {
  let span = values(row, count).span
  return attempt { () throws(Fault) in
    isDone?.pointee = try handle(session).pointee.session.push(reals: span) ? 1 : 0
  }
}

/// `martlet_session_push_pixels` of martlet.h: `count` = width × channels bytes of 0…255, the next row.
@c(martlet_session_push_pixels)
public func pushPixels(
  _ session: OpaquePointer, _ row: UnsafePointer<UInt8>?, _ count: Int, _ isDone: UnsafeMutablePointer<Int32>?
) -> martlet_fault {
  let span = values(row, count).span
  return attempt { () throws(Fault) in
    isDone?.pointee = try handle(session).pointee.session.push(pixels: span) ? 1 : 0
  }
}

/// `martlet_session_run` of martlet.h: from inputs to outputs; allocates nothing.
@c(martlet_session_run)
public func run(_ session: OpaquePointer) { handle(session).pointee.session.run() }

/// `martlet_session_reset` of martlet.h: states are as after opening.
@c(martlet_session_reset)
public func reset(_ session: OpaquePointer) { handle(session).pointee.session.reset() }

/// `martlet_session_get_reals` of martlet.h: `count` = height × width × channels real values.
@c(martlet_session_get_reals)
public func getReals(_ session: OpaquePointer, _ index: Int32, _ reals: UnsafeMutablePointer<Float>?, _ count: Int)
  -> martlet_fault
{
  guard index >= 0, index < outputCount(session) else { return refused(Fault(.inputOutput, index: Int(index))) }
  var span = room(reals, count).mutableSpan
  return attempt { () throws(Fault) in try handle(session).pointee.session.copyOutput(Int(index), reals: &span) }
}

/// `martlet_session_get_values` of martlet.h: `count` = height × width × channels of the output's own values.
@c(martlet_session_get_values)
public func getValues(_ session: OpaquePointer, _ index: Int32, _ integers: UnsafeMutablePointer<Int32>?, _ count: Int)
  -> martlet_fault
{
  guard index >= 0, index < outputCount(session) else { return refused(Fault(.inputOutput, index: Int(index))) }
  var span = room(integers, count).mutableSpan
  return attempt { () throws(Fault) in try handle(session).pointee.session.copyOutput(Int(index), into: &span) }
}

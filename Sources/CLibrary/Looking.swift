import CMartlet
import CShim
import Martlet

/// `martlet_session_input_count` of martlet.h: how many inputs the network has.
@c(martlet_session_input_count)
public func inputCount(_ session: OpaquePointer) -> Int32 {
  Int32(truncatingIfNeeded: handle(session).pointee.session.inputCount)
}

/// `martlet_session_output_count` of martlet.h: how many outputs the network has.
@c(martlet_session_output_count)
public func outputCount(_ session: OpaquePointer) -> Int32 {
  Int32(truncatingIfNeeded: handle(session).pointee.session.outputCount)
}

/// `martlet_session_input` of martlet.h: height, width, channels, element type, scale and zero point of an input.
@c(martlet_session_input)
public func input(_ session: OpaquePointer, _ index: Int32, _ tensor: UnsafeMutablePointer<martlet_tensor>)
  -> martlet_fault
{
  guard index >= 0, index < inputCount(session) else { return refused(Fault(.inputOutput, index: Int(index))) }
  tensor.pointee = described(handle(session).pointee.session.input(Int(index)))
  return fine()
}

/// `martlet_session_output` of martlet.h: height, width, channels, element type, scale and zero point of an output.
@c(martlet_session_output)
public func output(_ session: OpaquePointer, _ index: Int32, _ tensor: UnsafeMutablePointer<martlet_tensor>)
  -> martlet_fault
{
  guard index >= 0, index < outputCount(session) else { return refused(Fault(.inputOutput, index: Int(index))) }
  tensor.pointee = described(handle(session).pointee.session.output(Int(index)))
  return fine()
}

private func described(_ record: TensorRecord) -> martlet_tensor {
  martlet_tensor(
    height: record.height, width: record.width, channels: record.channels,
    element: Int32(truncatingIfNeeded: record.elementType), scale: record.scale, zero_point: record.zeroPoint)
}

/// `martlet_session_input_name` of martlet.h: `bytes` bytes of UTF-8 inside the model.
@c(martlet_session_input_name)
public func inputName(_ session: OpaquePointer, _ index: Int32, _ bytes: UnsafeMutablePointer<Int>?) -> UnsafePointer<
  CChar
>? {
  guard index >= 0, index < inputCount(session) else { return nil }
  return name(session, tensor: handle(session).pointee.model.inputTensor(Int(index)), bytes)
}

/// `martlet_session_output_name` of martlet.h: `bytes` bytes of UTF-8 inside the model.
@c(martlet_session_output_name)
public func outputName(_ session: OpaquePointer, _ index: Int32, _ bytes: UnsafeMutablePointer<Int>?) -> UnsafePointer<
  CChar
>? {
  guard index >= 0, index < outputCount(session) else { return nil }
  return name(session, tensor: handle(session).pointee.model.outputTensor(Int(index)), bytes)
}

private func name(_ session: OpaquePointer, tensor: Int, _ bytes: UnsafeMutablePointer<Int>?) -> UnsafePointer<CChar>? {
  let extent = handle(session).pointee.model.tensor(tensor).name
  return start(handle(session).pointee.model.name(extent), bytes)
}

/// `martlet_session_label_count` of martlet.h: how many labels of classes the model carries.
@c(martlet_session_label_count)
public func labelCount(_ session: OpaquePointer) -> Int32 {
  Int32(truncatingIfNeeded: handle(session).pointee.model.labels.lineCount)
}

/// `martlet_session_label` of martlet.h: `bytes` bytes of UTF-8 inside the model.
@c(martlet_session_label)
public func label(_ session: OpaquePointer, _ index: Int32, _ bytes: UnsafeMutablePointer<Int>?) -> UnsafePointer<
  CChar
>? {
  guard let line = handle(session).pointee.model.labels.line(Int(index)) else { return nil }
  return start(line, bytes)
}

/// Where a text lies in the model, which outlives the session.
private func start(_ text: Text, _ bytes: UnsafeMutablePointer<Int>?) -> UnsafePointer<CChar>? {
  bytes?.pointee = text.byteCount
  return text.withBytes { $0.baseAddress?.assumingMemoryBound(to: CChar.self) }
}

/// `martlet_session_kernels` of martlet.h: the name of the kernel family, as `martlet list` prints it.
@c(martlet_session_kernels)
public func kernels(_ session: OpaquePointer) -> UnsafePointer<CChar> { handle(session).pointee.session.kernelFamily }

/// `martlet_session_takes_rows` of martlet.h: 1 when the first input is pushed row by row, else 0.
@c(martlet_session_takes_rows)
public func takesRows(_ session: OpaquePointer) -> Int32 { handle(session).pointee.session.takesRows ? 1 : 0 }

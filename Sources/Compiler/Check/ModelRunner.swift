import Martlet

import struct Graph.GraphError
import struct Graph.Tensor

/// A packed model opened on a host, with memory of its own: for checks and comparisons.
public final class ModelRunner {
  /// What the Verifier proved.
  public let model: Verified<Every>
  private var session: Session<Every>
  private let bytes: AlignedBytes
  private let arena: AlignedBytes

  /// Verifies a copy of `bytes` and gives it an arena of exactly the size that it asks for.
  /// - Throws: `GraphError` when the Verifier refuses it.
  public init(_ bytes: [UInt8]) throws(GraphError) {
    self.bytes = AlignedBytes(copying: bytes)
    do throws(Fault) {
      let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(self.bytes.buffer))
      arena = AlignedBytes(count: model.arenaBytes)
      session = try Session(model, arena: arena.buffer)
      self.model = model
    } catch {
      throw GraphError("the packed model was refused: \(error.code) (place \(error.index), detail \(error.detail))")
    }
  }

  /// The real outputs for these real inputs; `observe` is told of each operator right after it ran.
  /// - Throws: `GraphError` when an input has another size than the model's.
  public func run(_ inputs: [Tensor], observe: (Int) throws(GraphError) -> Void = { _ in }) throws(GraphError)
    -> [Tensor]
  {
    guard inputs.count == session.inputCount else {
      throw GraphError("the packed model takes \(session.inputCount) inputs but was given \(inputs.count)")
    }
    do throws(Fault) {
      for (position, tensor) in inputs.enumerated() {
        try session.setInput(position, reals: tensor.values.span)
      }
    } catch {
      throw GraphError("an input has another size than the \(error.detail) values of the packed model's")
    }
    for index in 0..<session.operatorCount {
      session.run(operator: index)
      try observe(index)
    }
    var outputs: [Tensor] = []
    for position in 0..<session.outputCount {
      let record = session.output(position)
      let shape = [1, Int(record.height), Int(record.width), Int(record.channels)]
      var values = [Float](repeating: 0, count: shape.reduce(1, *))
      do throws(Fault) {
        var span = values.mutableSpan
        try session.copyOutput(position, reals: &span)
      } catch {
        throw GraphError("the packed model's output \(position) cannot be read")
      }
      outputs.append(Tensor(shape: shape, values: values))
    }
    return outputs
  }

  /// Runs on quantized inputs, one H×W×C list each; `observe` is told of each operator right after it ran.
  /// - Throws: `GraphError` when an input has another size than the model's; what `observe` throws.
  public func run(
    quantized inputs: [[Int32]], observe: (Int) throws(GraphError) -> Void = { _ in }
  ) throws(GraphError) {
    guard inputs.count == session.inputCount else {
      throw GraphError("the packed model takes \(session.inputCount) inputs but was given \(inputs.count)")
    }
    for (position, values) in inputs.enumerated() { try setTensorValues(model.inputTensor(position), values) }
    for index in 0..<session.operatorCount {
      session.run(operator: index)
      try observe(index)
    }
  }

  /// Puts quantized values, H×W×C, in the place of a tensor that an operator has just computed, or of an input.
  /// - Throws: `GraphError` when there are more or fewer than the tensor has, or it is not in memory as a whole.
  public func setTensorValues(_ index: Int, _ values: [Int32]) throws(GraphError) {
    let record = model.tensor(index)
    let (rows, columns, channels) = (Int(record.height), Int(record.width), Int(record.channels))
    guard values.count == rows * columns * channels, record.rowsHeld == record.height else {
      throw GraphError("tensor \(index) of the packed model cannot be given \(values.count) values")
    }
    for row in 0..<rows {
      for column in 0..<columns {
        let pixel = Int(record.arenaOffset) + row * Int(record.rowPitchBytes) + column * Int(record.pixelPitchBytes)
        for channel in 0..<channels {
          let value = values[(row * columns + column) * channels + channel]
          switch record.elementType {
          case 0: arena.buffer[pixel + channel] = UInt8(truncatingIfNeeded: value) ^ 0x80
          case 1:
            let stored = Int16(truncatingIfNeeded: value).littleEndian
            arena.buffer.storeBytes(of: stored, toByteOffset: pixel + 2 * channel, as: Int16.self)
          default: arena.buffer.storeBytes(of: value.littleEndian, toByteOffset: pixel + 4 * channel, as: Int32.self)
          }
        }
      }
    }
  }

  /// The quantized values of a tensor as they are now.
  public func tensorValues(_ index: Int) -> [Int32] {
    let record = model.tensor(index)
    var values = [Int32](repeating: 0, count: Int(record.height) * Int(record.width) * Int(record.channels))
    var span = values.mutableSpan
    try? session.copyTensor(index, into: &span)
    return values
  }
}

/// Memory that begins at a multiple of 64.
public final class AlignedBytes {
  /// The bytes.
  public let buffer: UnsafeMutableRawBufferPointer

  /// Bytes that are all zero.
  public init(count: Int) {
    buffer = .allocate(byteCount: max(count, 1), alignment: 64)
    buffer.initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// A copy.
  public convenience init(copying bytes: [UInt8]) {
    self.init(count: bytes.count)
    buffer.copyBytes(from: bytes)
  }

  deinit { buffer.deallocate() }
}

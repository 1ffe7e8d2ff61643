import Martlet

import struct Graph.GraphError
import struct Graph.Quantization
import struct Graph.Tensor
import enum Graph.WeightBits

/// A packed network whose layers can have the weights of eight or of four bits, from one run to the next.
///
/// What weights of four bits compute, weights of eight bits compute with the same values: two files of one layout, one with
/// each kind, differ in the constants alone, and a layer changes by copying its own.
final class ExchangeableModel {
  private let eight: [UInt8]
  private let four: [UInt8]
  private let memory: AlignedBytes
  private let arena: AlignedBytes
  private let model: Verified<Every>
  private var session: Session<Every>
  private var bits: [Int: WeightBits] = [:]

  /// - Parameters:
  ///   - eight: the packed network.
  ///   - four: the same with values of four bits in all layers that have such a form.
  /// - Throws: `GraphError` when the Verifier refuses one.
  init(eight: [UInt8], four: [UInt8]) throws(GraphError) {
    (self.eight, self.four) = (eight, four)
    memory = AlignedBytes(copying: eight)
    do throws(Fault) {
      try ModelRunner.verifies(four)
      model = try Verifier<Every>.verify(UnsafeRawBufferPointer(memory.buffer))
      arena = AlignedBytes(count: model.arenaBytes)
      session = try Session(model, arena: arena.buffer)
    } catch {
      throw GraphError("the packed model was refused: \(error.code) (place \(error.index), detail \(error.detail))")
    }
  }

  /// Gives an operator its weights of so many bits.
  func set(_ wanted: WeightBits, ofOperator index: Int) {
    guard bits[index, default: .eight] != wanted else { return }
    bits[index] = wanted
    let record = model.operatorRecord(index)
    let source = wanted == .four ? four : eight
    for (section, extent) in [(Section.weights, record.weights), (.channels, record.channels)] {
      let first = Int(model.header[section].offset) + Int(extent.offset)
      source.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(rebasing: memory.buffer[first..<first + Int(extent.bytes)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[first..<first + Int(extent.bytes)]))
      }
    }
  }

  /// The bytes that the network's inputs hold for these real values.
  func quantized(_ tensors: [Tensor]) -> [[UInt8]] {
    tensors.enumerated().map { position, tensor in
      let record = session.input(position)
      let element = Quantization.Element(rawValue: record.elementType) ?? .int8
      let rule = Quantization(scale: record.scale, zeroPoint: record.zeroPoint, element: element)
      return tensor.values.flatMap { real -> [UInt8] in
        let value = rule.quantized(real)
        return (0..<element.byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * Int32($0))) }
      }
    }
  }

  /// The first output for inputs that `quantized` gave.
  /// - Throws: `GraphError` when an input has another size than the model's.
  func run(_ inputs: [[UInt8]]) throws(GraphError) -> [Float] {
    var values = [Float](repeating: 0, count: session.output(0).count)
    do throws(Fault) {
      for (position, bytes) in inputs.enumerated() { try session.setInput(position, bytes: bytes.span.bytes) }
      session.run()
      var span = values.mutableSpan
      try session.copyOutput(0, reals: &span)
    } catch {
      throw GraphError("an input has another size than the packed model's: \(error.code)")
    }
    return values
  }
}

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

  /// Verifies a copy of `bytes`.
  /// - Throws: the Verifier's first fault.
  public static func verifies(_ bytes: [UInt8]) throws(Fault) {
    let copy = AlignedBytes(copying: bytes)
    _ = try Verifier<Every>.verify(UnsafeRawBufferPointer(copy.buffer))
  }

  /// Rows that an operator has just computed.
  public struct ComputedRows {
    /// In execution order of first turns.
    public let operatorIndex: Int
    /// Its output.
    public let tensor: Int
    /// The rows.
    public let rows: Range<Int32>
    /// Where their values lie among those of the whole tensor, H×W×C.
    public let places: Range<Int>
  }

  /// The real outputs for these real inputs; `observe` is told of the rows of each turn right after it ran.
  /// - Throws: `GraphError` when an input has another size than the model's.
  public func run(_ inputs: [Tensor], observe: (ComputedRows) -> Void = { _ in }) throws(GraphError) -> [Tensor] {
    try checkInputs(inputs.map(\.values.count))
    do throws(Fault) {
      for (position, tensor) in inputs.enumerated() where position > 0 || !session.takesRows {
        try session.setInput(position, reals: tensor.values.span)
      }
    } catch {
      throw GraphError("an input has another size than the \(error.detail) values of the packed model's")
    }
    let rowCount = inputs[0].values.count / Int(session.input().height)
    runTurns(
      push: { row in
        let values = Array(inputs[0].values[Int(row) * rowCount..<(Int(row) + 1) * rowCount])
        try? session.setInputRow(row, reals: values.span)
      }, observe: observe)
    return try outputs()
  }

  /// Runs on quantized inputs, one H×W×C list each; `observe` is told of the rows of each turn right after it ran.
  /// - Throws: `GraphError` when an input has another size than the model's.
  public func run(quantized inputs: [[Int32]], observe: (ComputedRows) -> Void = { _ in }) throws(GraphError) {
    try checkInputs(inputs.map(\.count))
    for (position, values) in inputs.enumerated() where position > 0 || !session.takesRows {
      let tensor = model.inputTensor(position)
      setRows(0..<model.tensor(tensor).height, ofTensor: tensor, values)
    }
    let first = model.inputTensor(0)
    runTurns(push: { row in setRows(row..<row + 1, ofTensor: first, inputs[0]) }, observe: observe)
  }

  private func checkInputs(_ counts: [Int]) throws(GraphError) {
    guard counts.count == session.inputCount else {
      throw GraphError("the packed model takes \(session.inputCount) inputs but was given \(counts.count)")
    }
    for (position, count) in counts.enumerated() where count != session.input(position).count {
      throw GraphError(
        "an input has another size than the \(session.input(position).count) values of the packed model's")
    }
  }

  private func runTurns(push: (Int32) -> Void, observe: (ComputedRows) -> Void) {
    for number in 0..<session.turnCount {
      let turn = model.turn(number)
      guard let index = turn.operatorIndex else {
        for row in turn.rows { push(row) }
        continue
      }
      session.run(turn: number)
      let tensor = Int(model.operatorRecord(index).output)
      let rowCount = Int(model.tensor(tensor).width) * Int(model.tensor(tensor).channels)
      let places = Int(turn.rows.lowerBound) * rowCount..<Int(turn.rows.upperBound) * rowCount
      observe(ComputedRows(operatorIndex: index, tensor: tensor, rows: turn.rows, places: places))
    }
  }

  private func outputs() throws(GraphError) -> [Tensor] {
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

  /// Puts rows of the quantized values `values` of a whole tensor, H×W×C, in their places.
  func setRows(_ rows: Range<Int32>, ofTensor index: Int, _ values: [Int32]) {
    let record = model.tensor(index)
    let (columns, channels) = (Int(record.width), Int(record.channels))
    precondition(values.count == Int(record.height) * columns * channels)
    for row in rows {
      let first = Int(record.arenaOffset) + Int(row % record.rowsHeld) * Int(record.rowPitchBytes)
      for column in 0..<columns {
        let pixel = first + column * Int(record.pixelPitchBytes)
        for channel in 0..<channels {
          let value = values[(Int(row) * columns + column) * channels + channel]
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

  /// The quantized values of rows that were just computed.
  public func values(_ computed: ComputedRows) -> [Int32] { values(computed.rows, ofTensor: computed.tensor) }

  /// The quantized values of a tensor that is in memory as a whole, as they are now.
  public func tensorValues(_ index: Int) -> [Int32] { values(0..<model.tensor(index).height, ofTensor: index) }

  private func values(_ rows: Range<Int32>, ofTensor index: Int) -> [Int32] {
    let record = model.tensor(index)
    var values = [Int32](repeating: 0, count: rows.count * Int(record.width) * Int(record.channels))
    var span = values.mutableSpan
    try? session.copyRows(rows, ofTensor: index, into: &span)
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

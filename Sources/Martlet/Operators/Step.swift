import CShim

/// What an operator gets: its record, its tensors, and where everything lies. The same value serves `verify`,
/// `scratchBytes` and `run`; before a session exists, there is no arena, and pointers into it are nil.
///
/// This is the only place that turns offsets into pointers.
public struct Step {
  /// The operator's place in execution order; what a `Fault` names.
  public let index: Int
  let record: UnsafePointer<OperatorRecord>
  let tensors: UnsafePointer<TensorRecord>
  /// This operator's indices into `tensors`; nil: its inputs are the first tensors, in order.
  let operands: UnsafePointer<UInt32>?
  let outputTensor: UnsafePointer<TensorRecord>
  let constants: ConstantSections
  let arena: UnsafeMutablePointer<UInt8>?
  // What only a team of threads sets. Embedded builds have one thread, and no code for parts of a layer.
  #if hasFeature(Embedded)
    var ownScratch: UnsafeMutablePointer<UInt8>? { nil }
    var blocks: Range<Int32>? { nil }
  #else
    /// Scratch outside the arena, for a second thread.
    var ownScratch: UnsafeMutablePointer<UInt8>?
    /// The blocks of sixteen output channels to compute, for operators that split them; nil: all.
    var blocks: Range<Int32>?
  #endif

  /// Where a file's constants begin; nil outside a file.
  struct ConstantSections {
    var weights: UnsafeRawPointer?
    var channels: UnsafeRawPointer?
    var tables: UnsafeRawPointer?
  }

  /// An operator of a file whose operand indices are in range.
  #if hasFeature(Embedded)
    @inline(never)
  #endif
  init(model: borrowing ModelView, index: Int, arena: UnsafeMutablePointer<UInt8>?) {
    self.index = index
    record = model.operators + index
    tensors = model.tensors
    operands = model.operands + Int(truncatingIfNeeded: record.pointee.firstInput)
    outputTensor = model.tensors + Int(truncatingIfNeeded: record.pointee.output)
    constants = model.constants
    self.arena = arena
  }

  /// An operator outside a file, whose inputs are adjacent records.
  init(
    record: UnsafePointer<OperatorRecord>, inputs: UnsafePointer<TensorRecord>, output: UnsafePointer<TensorRecord>,
    table: UnsafeRawPointer? = nil
  ) {
    index = 0
    self.record = record
    tensors = inputs
    operands = nil
    outputTensor = output
    constants = ConstantSections(tables: table)
    arena = nil
  }
}

extension Step {
  /// `Operator.code` of the record.
  public var code: UInt32 { record.pointee.code }

  /// Multiply-accumulates.
  var macs: Int { Int(truncatingIfNeeded: record.pointee.macs) }

  /// Number of input tensors.
  public var inputCount: Int { Int(truncatingIfNeeded: record.pointee.inputCount) }

  /// The record of input tensor number `position`.
  public func input(_ position: Int) -> TensorRecord { tensors[tensorIndex(ofInput: position)] }

  /// Where the record of input tensor number `position` lies.
  func inputTensor(_ position: Int) -> UnsafePointer<TensorRecord> { tensors + tensorIndex(ofInput: position) }

  /// The record of the output tensor.
  public var output: TensorRecord { outputTensor.pointee }

  /// The index of input tensor number `position` among the file's tensors.
  func tensorIndex(ofInput position: Int) -> Int {
    if let operands { Int(truncatingIfNeeded: operands[position]) } else { position }
  }

  /// An integer parameter.
  public func integer<Parameter: RawRepresentable>(_ parameter: Parameter) -> Int32
  where Parameter.RawValue == Int {
    record.pointee.parameters[parameter.rawValue]
  }

  /// A parameter that is stored as the bits of a float32.
  public func float<Parameter: RawRepresentable>(_ parameter: Parameter) -> Float
  where Parameter.RawValue == Int {
    Float(bitPattern: UInt32(bitPattern: integer(parameter)))
  }

  /// Parameter number `position`.
  func integer(at position: Int) -> Int32 { record.pointee.parameters[position] }

  /// Rows of input tensor number `position`.
  public func inputRows(_ position: Int) -> martlet_rows { rows(of: tensors + tensorIndex(ofInput: position)) }

  /// Rows of the output tensor.
  public var outputRows: martlet_rows { rows(of: outputTensor) }

  private func rows(of tensor: UnsafePointer<TensorRecord>) -> martlet_rows {
    martlet_rows(
      base: arena.map { $0 + Int(truncatingIfNeeded: tensor.pointee.arenaOffset) },
      row_pitch_bytes: Int(truncatingIfNeeded: tensor.pointee.rowPitchBytes),
      pixel_pitch_bytes: Int(truncatingIfNeeded: tensor.pointee.pixelPitchBytes),
      rows_held: tensor.pointee.rowsHeld, height: tensor.pointee.height, width: tensor.pointee.width,
      channels: tensor.pointee.channels)
  }

  /// Packed weights.
  public var weights: UnsafePointer<Int8>? {
    constants.weights.map {
      ($0 + Int(truncatingIfNeeded: record.pointee.weights.offset)).assumingMemoryBound(to: Int8.self)
    }
  }

  /// Constants of each block of sixteen output channels.
  public var channels: UnsafePointer<martlet_channel_block>? {
    constants.channels.map {
      ($0 + Int(truncatingIfNeeded: record.pointee.channels.offset))
        .assumingMemoryBound(to: martlet_channel_block.self)
    }
  }

  /// The look-up table's bytes, or nil when the record has none.
  public var table: UnsafePointer<UInt8>? {
    guard record.pointee.table.bytes > 0 else { return nil }
    return constants.tables.map {
      ($0 + Int(truncatingIfNeeded: record.pointee.table.offset)).assumingMemoryBound(to: UInt8.self)
    }
  }

  /// Scratch, 64-byte aligned.
  public var scratch: UnsafeMutablePointer<UInt8>? {
    if let ownScratch { return ownScratch }
    return arena.map { $0 + Int(truncatingIfNeeded: record.pointee.scratchOffset) }
  }

  /// The zero point of input number `position` in the stored domain, 0…255.
  public func storedInputZeroPoint(_ position: Int) -> Int32 { input(position).zeroPoint + 128 }

  /// The output rule for clamp parameters in the int8 domain.
  public func outputRule<Parameter: RawRepresentable>(low: Parameter, high: Parameter) -> martlet_output
  where Parameter.RawValue == Int {
    martlet_output(zero_point: output.zeroPoint + 128, low: integer(low) + 128, high: integer(high) + 128)
  }
}

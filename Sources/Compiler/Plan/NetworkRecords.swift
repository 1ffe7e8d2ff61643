import Graph
import Martlet

/// The records of a quantized network, first without addresses, then with those of a plan.
struct NetworkRecords {
  var tensors: [TensorRecord]
  var operators: [OperatorRecord]

  /// Shapes, quantization, codes, parameters and scratch sizes; no offsets.
  init(_ network: QuantizedNetwork) throws(GraphError) {
    tensors = try network.tensors.map { tensor throws(GraphError) in try TensorRecord(tensor) }
    for index in network.tensors.indices {
      var outer = index
      while let part = network.tensors[outer].part { outer = part.whole }
      tensors[index].pixelPitchBytes = tensors[outer].pixelPitchBytes
      tensors[index].rowPitchBytes = outer == index ? tensors[index].rowPitchBytes : tensors[outer].rowPitchBytes
    }
    operators = []
    for step in network.steps {
      var record = OperatorRecord()
      record.code = step.lowered.code
      record.inputCount = UInt32(step.inputs.count)
      record.output = UInt32(step.output)
      record.macs = UInt32(clamping: step.macs)
      guard step.lowered.parameters.count <= 32 else {
        throw GraphError("\(step.name): has more parameters than a record holds")
      }
      for (position, parameter) in step.lowered.parameters.enumerated() { record.parameters[position] = parameter }
      record.weights.bytes = UInt32(step.lowered.weights.count)
      record.channels.bytes = UInt32(step.lowered.channels.count * 192)
      record.table.bytes = UInt32(step.lowered.table.count)
      let inputs = step.inputs.map { tensors[$0] }
      let bytes = Every.scratchBytes(record, inputs: inputs.span, output: tensors[step.output])
      guard let scratchBytes = UInt32(exactly: bytes) else {
        throw GraphError("\(step.name): needs \(bytes) bytes of scratch, more than an arena may have")
      }
      record.scratchBytes = scratchBytes
      operators.append(record)
    }
  }

  /// Enters the offsets and rings of a plan.
  mutating func place(_ plan: NetworkPlan) {
    for index in tensors.indices {
      tensors[index].arenaOffset = UInt32(plan.tensorOffsets[index])
      tensors[index].rowsHeld = Int32(plan.rowsHeld[index])
    }
    for index in operators.indices { operators[index].scratchOffset = UInt32(plan.scratchOffsets[index]) }
  }
}

extension TensorRecord {
  /// A dense tensor at no address.
  fileprivate init(_ tensor: QuantizedNetwork.Activation) throws(GraphError) {
    self.init()
    guard tensor.shape.sizes.allSatisfy({ $0 > 0 && $0 <= Limits.dimension }),
      tensor.shape.sizes.reduce(tensor.quantization.element.byteCount, *) <= Limits.arenaBytes
    else {
      throw GraphError("\(tensor.name): a tensor of \(tensor.shape.sizes) values is larger than an arena may be")
    }
    height = Int32(tensor.shape.height)
    width = Int32(tensor.shape.width)
    channels = Int32(tensor.shape.channels)
    scale = tensor.quantization.scale
    zeroPoint = tensor.quantization.zeroPoint
    flags = tensor.isState ? TensorRecord.stateFlag : 0
    elementType = tensor.quantization.element.rawValue
    pixelPitchBytes = UInt32(tensor.shape.channels) * UInt32(elementBytes)
    rowPitchBytes = UInt32(tensor.shape.width) * pixelPitchBytes
    rowsHeld = height
  }
}

import Martlet

import struct Graph.Quantization

extension ModelRunner {
  /// What a comparison needs to know of one operator.
  struct Layer {
    var name: String
    var kind: String
    var tensor: Int
    var outputName: String
    var quantization: Quantization
  }

  var operatorCount: Int { model.operatorCount }

  func layer(_ index: Int) -> Layer {
    let record = model.operatorRecord(index)
    let output = model.tensor(Int(record.output))
    return Layer(
      name: string(record.name), kind: model.kind(ofOperator: index).description, tensor: Int(record.output),
      outputName: string(output.name),
      quantization: Quantization(
        scale: output.scale, zeroPoint: output.zeroPoint, element: .init(rawValue: output.elementType) ?? .int8))
  }

  private func string(_ extent: Extent) -> String {
    model.name(extent).withBytes { String(decoding: $0, as: UTF8.self) }
  }
}

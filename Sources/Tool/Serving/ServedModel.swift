import FlyingFox
import Foundation
import Martlet
import Serving

/// A model that is served: what is said of it.
struct ServedModel: Sendable {
  let path: String
  let metadata: ModelMetadata
  /// Whether the first input is a picture that the file says how to make.
  let takesPhotos: Bool
  var name: String { metadata.name }

  /// Opens and verifies the model once, to know it. Its name is the file's without the extension.
  init(_ path: String) throws {
    self.path = path
    let classifier = try PackedClassifier(path)
    let model = classifier.model
    takesPhotos = classifier.preprocessing != nil
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    let inputNames = try model.inspect { verified in
      var names: [String] = []
      for position in 0..<verified.inputCount {
        names.append(String(verified.name(verified.tensor(verified.inputTensor(position)).name)))
      }
      return names
    }
    let outputNames = try model.outputNames
    let takesPhotos = takesPhotos
    metadata = ModelMetadata(
      name: name, versions: [], platform: "martlet",
      inputs: inputNames.indices.map { index in
        ModelMetadata.Tensor(
          name: inputNames[index], datatype: takesPhotos && index == 0 ? "UINT8" : "FP32",
          shape: Self.shape(model.input(index)))
      },
      outputs: outputNames.indices.map { index in
        ModelMetadata.Tensor(name: outputNames[index], datatype: "FP32", shape: Self.shape(model.output(index)))
      })
  }

  /// A tensor's shape as the protocol has it, with the batch of one.
  static func shape(_ record: TensorRecord) -> [Int] {
    [1] + record.shape.drop { $0 == 1 }.map { $0 }
  }
}

extension PackedClassifier {
  /// Answers a request of the open inference protocol.
  /// - Throws: `Refusal` with the reason when the request does not fit the model.
  func answer(_ request: InferenceRequest, _ metadata: ModelMetadata) throws -> InferenceResponse {
    guard Set(request.inputs.map(\.name)).count == request.inputs.count else {
      throw Refusal(.badRequest, "An input is given twice.")
    }
    for (index, tensor) in metadata.inputs.enumerated() {
      guard let input = request.inputs.first(where: { $0.name == tensor.name }) else {
        throw Refusal(.badRequest, "The input '\(tensor.name)' is missing.")
      }
      try set(input, index: index, tensor)
    }
    if let stranger = request.inputs.first(where: { input in !metadata.inputs.contains { $0.name == input.name } }) {
      throw Refusal(.badRequest, "\(metadata.name) has no input '\(stranger.name)'.")
    }
    let wanted = request.outputs?.map(\.name) ?? metadata.outputs.map(\.name)
    let places = try wanted.map { name in
      guard let place = metadata.outputs.firstIndex(where: { $0.name == name }) else {
        throw Refusal(.badRequest, "\(metadata.name) has no output '\(name)'.")
      }
      return place
    }
    model.run()
    return InferenceResponse(
      modelName: metadata.name, id: request.id,
      outputs: try places.map { try output($0, metadata, isQuantized: request.parameters?.quantized == true) })
  }

  private func set(_ input: InferenceRequest.Input, index: Int, _ tensor: ModelMetadata.Tensor) throws {
    let values = input.data.values
    guard input.shape.drop(while: { $0 == 1 }) == tensor.shape.drop(while: { $0 == 1 }) else {
      throw Refusal(
        .badRequest, "The input '\(input.name)' has shape \(input.shape); \(tensor.shape) (channels last) is needed.")
    }
    let count = tensor.shape.reduce(1, *)
    guard values.count == count else {
      throw Refusal(.badRequest, "The input '\(input.name)' has \(values.count) numbers; its shape needs \(count).")
    }
    func integers<Number: FixedWidthInteger>(_ type: Number.Type) throws -> [Number] {
      try values.map { value in
        guard let number = Number(exactly: value) else {
          throw Refusal(.badRequest, "The input '\(input.name)' has \(value), which is no \(input.datatype).")
        }
        return number
      }
    }
    let ownType = model.input(index).element.map { "\($0)".uppercased() }
    switch input.datatype {
    case "FP32": try model.setInput(index, reals: values.map(Float.init))
    case "UINT8" where preprocessing != nil && index == 0: try model.setInput(pixels: integers(UInt8.self))
    case "INT8" where ownType == "INT8": try model.setInput(index, quantized: integers(Int8.self))
    case "INT16" where ownType == "INT16":
      try model.setInput(
        index,
        bytes: integers(Int16.self).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })
    default:
      var types = ["FP32"] + (ownType.map { [$0] } ?? [])
      if preprocessing != nil, index == 0 { types.append("UINT8 (pixels)") }
      throw Refusal(
        .badRequest,
        "The input '\(input.name)' takes \(types.joined(separator: ", ")); the request has \(input.datatype).")
    }
  }

  private func output(_ index: Int, _ metadata: ModelMetadata, isQuantized: Bool) throws -> InferenceResponse.Output {
    let tensor = metadata.outputs[index]
    guard isQuantized, let element = model.output(index).element else {
      return InferenceResponse.Output(
        name: tensor.name, shape: tensor.shape, datatype: "FP32", data: .reals(try model.outputReals(index)))
    }
    return InferenceResponse.Output(
      name: tensor.name, shape: tensor.shape, datatype: "\(element)".uppercased(),
      data: .integers(try model.outputValues(index)))
  }
}

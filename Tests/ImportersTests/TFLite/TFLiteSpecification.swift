import Foundation
import Graph

@testable import Importers

/// A TFLite model that a test writes down.
struct TFLiteSpecification {
  /// Element types by their codes in the schema.
  enum ElementType: Int {
    case float32 = 0
    case float16 = 1
    case int32 = 2
    case uint8 = 3
    case int64 = 4
    case int8 = 9
    case int4 = 17
  }

  private var tensors: [[Int: FlatField]] = []
  private var buffers: [[Int: FlatField]] = [[:]]
  private var operators: [[Int: FlatField]] = []
  private var codes: [[Int: FlatField]] = []
  var inputs: [Int] = []
  var outputs: [Int] = []

  /// Adds a tensor and gives its number; with `data` it is a constant.
  mutating func tensor(
    _ name: String, _ shape: [Int], _ type: ElementType = .float32, scales: [Float] = [], zeroPoint: Int = 0,
    dimension: Int = 0, data: [UInt8]? = nil
  ) -> Int {
    var fields: [Int: FlatField] = [0: .integers(shape), 1: .byte(type.rawValue), 3: .text(name)]
    if let data {
      fields[2] = .integer(buffers.count)
      buffers.append([0: .bytes(data)])
    }
    if !scales.isEmpty {
      let zeroPoints = scales.map { _ in zeroPoint }
      fields[4] = .table([2: .floats(scales), 3: .longs(zeroPoints), 6: .integer(dimension)])
    }
    tensors.append(fields)
    return tensors.count - 1
  }

  /// A float32 constant.
  mutating func floats(_ name: String, _ shape: [Int], _ values: [Float]) -> Int {
    tensor(name, shape, data: values.flatMap { littleEndian($0.bitPattern) })
  }

  /// An int32 constant.
  mutating func integers(_ name: String, _ values: [Int], shape: [Int]? = nil) -> Int {
    tensor(name, shape ?? [values.count], .int32, data: values.flatMap { littleEndian(UInt32(truncatingIfNeeded: $0)) })
  }

  /// Adds an operator by its name.
  mutating func apply(_ kind: String, _ inputs: [Int], _ outputs: [Int], _ options: [Int: FlatField] = [:]) {
    let code = (0..<200).first { tfliteOperatorName($0, custom: "") == kind } ?? 32
    codes.append([0: .byte(min(code, 127)), 3: .integer(code)])
    operators.append([
      0: .integer(codes.count - 1), 1: .integers(inputs), 2: .integers(outputs), 4: .table(options),
    ])
  }

  /// The file.
  var encoded: [UInt8] {
    let network: [Int: FlatField] = [
      0: .tables(tensors), 1: .integers(inputs), 2: .integers(outputs), 3: .tables(operators),
    ]
    return FlatBufferWriter.file([
      0: .integer(3), 1: .tables(codes), 2: .tables([network]), 3: .text("test"), 4: .tables(buffers),
    ])
  }
}

/// The error of an import that must fail.
func tfliteError(_ bytes: [UInt8]) -> ImportError? {
  do throws(ImportError) {
    _ = try TFLiteImporter.read(bytes, name: "test.tflite")
    return nil
  } catch {
    return error
  }
}

/// What a float model computes of one input.
func tfliteEvaluate(_ model: TFLiteSpecification, _ input: [Float]) throws -> [[Float]] {
  let graph = try TFLiteImporter.read(model.encoded, name: "test.tflite").graph
  let tensor = Tensor(shape: graph[graph.inputs[0]].shape, values: input)
  return try graph.evaluate(inputs: [tensor], workers: Workers(count: 1)).map(\.values)
}

/// A float model of one operator: what it computes of an input of shape `from`, with constants after it.
func tfliteEvaluate(
  _ kind: String, _ from: [Int], _ input: [Float], to shape: [Int], options: [Int: FlatField] = [:],
  constants: (inout TFLiteSpecification) -> [Int] = { _ in [] }
) throws -> [Float] {
  var model = TFLiteSpecification()
  let (x, y) = (model.tensor("x", from), model.tensor("y", shape))
  model.apply(kind, [x] + constants(&model), [y], options)
  (model.inputs, model.outputs) = ([x], [y])
  return try tfliteEvaluate(model, input)[0]
}

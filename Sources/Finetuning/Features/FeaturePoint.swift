import Compiler
import Graph
import Martlet

/// A tensor of a packed network that a head can read: int8 values, one for each channel, averaged over the pixels where
/// there are several.
public struct FeaturePoint: Equatable, Sendable {
  /// Its number in the file.
  public let tensor: Int
  /// The name of the layer that computes it, or its own.
  public let name: String
  /// Rows of the tensor.
  public let height: Int
  /// Pixels a row.
  public let width: Int
  /// Features.
  public let channels: Int
  /// Of the tensor.
  public let quantization: Quantization

  /// Whether the tensor has several pixels, whose mean is taken.
  public var isPooled: Bool { height * width > 1 }

  init(_ tensor: Int, _ name: String, _ model: borrowing Verified<Every>) throws(FinetuneError) {
    let record = model.tensor(tensor)
    guard record.element == .int8 else {
      throw FinetuneError(
        "\(name): its values have 16 bits, and a head reads int8: choose another layer with --features, or convert the "
          + "network with int8 activations")
    }
    self.tensor = tensor
    self.name = name
    (height, width, channels) = (Int(record.height), Int(record.width), Int(record.channels))
    quantization = Quantization(scale: record.scale, zeroPoint: record.zeroPoint)
    guard channels <= HeadLimits.inputs else {
      throw FinetuneError(
        "\(name) has \(channels) channels, more than the \(HeadLimits.inputs) that a head reads: choose another layer "
          + "with --features")
    }
  }

  /// What a packed classifier's last layer with weights reads: behind that only softmax, pooling, activations and tables may
  /// follow.
  /// - Throws: `FinetuneError` when the model is refused, or ends otherwise.
  public static func classifierInput(of file: [UInt8]) throws(FinetuneError) -> FeaturePoint {
    try inspect(file) { model throws(FinetuneError) in
      var tensor = model.outputTensor(0)
      let passing: Set<UInt32> = [5, 8, 9, 13, 20, 49]
      for index in (0..<model.operatorCount).reversed() where isOutput(index, tensor, model) {
        let record = model.operatorRecord(index)
        let input = model.inputTensor(ofOperator: index, 0)
        if passing.contains(record.code) {
          tensor = input
          continue
        }
        let isConvolution = record.code == 1 || record.code == 60
        let isClassifier =
          record.code == 3 || record.code == 61
          || (isConvolution && record.parameters[0] * record.parameters[1] == 1)
        guard isClassifier else { break }
        return try FeaturePoint(input, "the input of \(layerName(index, model))", model)
      }
      throw FinetuneError(
        "the network does not end in a classifier (a fully connected layer or a 1×1 convolution, then softmax or pooling): "
          + "name the layer whose output is to be learned from with --features; `martlet inspect` prints them")
    }
  }

  /// The output of the layer called `name`, of an operator or a tensor; the last one of that name.
  /// - Throws: `FinetuneError` when the model is refused or has no such layer.
  public static func named(_ name: String, in file: [UInt8]) throws(FinetuneError) -> FeaturePoint {
    try inspect(file) { model throws(FinetuneError) in
      for index in (0..<model.operatorCount).reversed() {
        let output = Int(model.operatorRecord(index).output)
        if layerName(index, model) == name || String(model.name(model.tensor(output).name)) == name {
          return try FeaturePoint(output, name, model)
        }
      }
      throw FinetuneError("the network has no layer called \(name); `martlet inspect` prints the layers' names")
    }
  }

  /// Tensor number `tensor`.
  /// - Throws: `FinetuneError` when the model is refused or has no such tensor.
  static func numbered(_ tensor: Int, in file: [UInt8]) throws(FinetuneError) -> FeaturePoint {
    try inspect(file) { model throws(FinetuneError) in
      guard (0..<model.tensorCount).contains(tensor) else {
        throw FinetuneError("the network has no tensor \(tensor): the head belongs to another one")
      }
      return try FeaturePoint(tensor, String(model.name(model.tensor(tensor).name)), model)
    }
  }

  /// Whether an operator computes the tensor, or the bytes of which it is another shape.
  private static func isOutput(_ index: Int, _ tensor: Int, _ model: borrowing Verified<Every>) -> Bool {
    let output = Int(model.operatorRecord(index).output)
    if output == tensor { return true }
    let (wanted, found) = (model.tensor(tensor), model.tensor(output))
    return wanted.arenaOffset == found.arenaOffset && wanted.count == found.count
      && wanted.elementType == found.elementType
  }

  static func layerName(_ index: Int, _ model: borrowing Verified<Every>) -> String {
    String(model.name(model.operatorRecord(index).name))
  }

  static func inspect<Result>(
    _ file: [UInt8], _ body: (borrowing Verified<Every>) throws(FinetuneError) -> Result
  ) throws(FinetuneError) -> Result {
    let bytes = AlignedBytes(copying: file)
    let model: Verified<Every>
    do throws(Fault) {
      model = try Verifier<Every>.verify(UnsafeRawBufferPointer(bytes.buffer))
    } catch {
      throw FinetuneError("the model cannot be used: \(error.code.explanation). \(error.code.remedy)")
    }
    let result = try body(model)
    withExtendedLifetime(bytes) {}
    return result
  }
}

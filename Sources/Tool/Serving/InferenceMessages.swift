/// The bodies of the open inference protocol, version 2 (KServe), as far as tensors in JSON go.
struct InferenceRequest: Decodable {
  struct Parameters: Decodable {
    /// Outputs in the model's own numbers instead of real ones.
    var quantized: Bool?
  }

  struct Input: Decodable {
    let name: String
    let shape: [Int]
    let datatype: String
    let data: NestedNumbers
  }

  struct RequestedOutput: Decodable {
    let name: String
  }

  var id: String?
  var parameters: Parameters?
  let inputs: [Input]
  /// Which outputs to answer with; without it, all.
  var outputs: [RequestedOutput]?
}

/// Numbers in one list, or in lists of lists as deep as a tensor has axes.
struct NestedNumbers: Decodable {
  let values: [Double]
  private static let greatestDepth = 8

  init(from decoder: any Decoder) throws {
    guard decoder.codingPath.count < Self.greatestDepth else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "Lists are nested too deeply."))
    }
    let container = try decoder.singleValueContainer()
    if let flat = try? container.decode([Double].self) {
      values = flat
    } else {
      values = try container.decode([NestedNumbers].self).flatMap(\.values)
    }
  }
}

/// What a request is answered with.
struct InferenceResponse: Encodable {
  struct Output: Encodable {
    let name: String
    let shape: [Int]
    let datatype: String
    let data: Values
  }

  /// The numbers of one output, in one list.
  enum Values: Encodable {
    case reals([Float])
    case integers([Int32])

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .reals(let values): try values.encode(to: encoder)
      case .integers(let values): try values.encode(to: encoder)
      }
    }
  }

  let modelName: String
  var id: String?
  let outputs: [Output]
}

/// What is said of a model.
struct ModelMetadata: Encodable {
  struct Tensor: Encodable {
    let name: String
    let datatype: String
    /// 1, then height, width and channels without the axes of one before them.
    let shape: [Int]
  }

  let name: String
  let versions: [String]
  let platform: String
  let inputs: [Tensor]
  let outputs: [Tensor]
}

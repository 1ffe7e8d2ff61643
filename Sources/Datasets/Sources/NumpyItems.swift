import Archives

/// The rows of an array, with labels from a second one.
///
/// Bytes of N×H×W×C (1 or 3 channels) or N×H×W are pictures; other bytes and signed bytes are handed on as they are;
/// all other numbers are tensors in the network's own layout, ready for it.
struct NumpyItems: ItemSource {
  let kind = "NumPy array"
  let classNames: [String] = []
  let labelsAreOutputIndices = true
  private let path: String
  private let inputs: NumpyArray
  private let labels: [Int]?
  private let itemShape: [Int]
  let count: Int

  private static let inputNames = ["images", "x", "inputs", "input", "data", "arr_0"]
  private static let labelNames = ["labels", "y", "label", "targets", "target", "arr_1"]

  /// One .npy file without labels.
  init(path: String, array: NumpyArray) throws(DatasetError) { try self.init(path: path, inputs: array, labels: nil) }

  /// A .npz file. Arrays are found by name (`images`, `x`, …; `labels`, `y`, …; with `train` or `test` in the name where
  /// there are halves), else the first is the input.
  init(path: String, arrays: [(name: String, array: NumpyArray)], split: Dataset.Split) throws(DatasetError) {
    let otherHalf = split == .training ? "test" : "train"
    let halves = arrays.filter { !$0.name.lowercased().contains(otherHalf) }
    let candidates = halves.isEmpty ? arrays : halves
    func plain(_ name: String) -> String {
      var plain = name.lowercased()
      for half in ["_train", "_test", "train_", "test_"] where plain.count > half.count {
        if plain.hasSuffix(half) { plain.removeLast(half.count) }
        if plain.hasPrefix(half) { plain.removeFirst(half.count) }
      }
      return plain
    }
    func find(_ names: [String]) -> Int? {
      names.compactMap { name in candidates.firstIndex { plain($0.name) == name } }.first
    }
    let labels = find(Self.labelNames)
    guard let inputs = find(Self.inputNames) ?? candidates.indices.first(where: { $0 != labels }) else {
      throw DatasetError("\(path) holds labels only; name the array of inputs `images` or `x`.")
    }
    try self.init(path: path, inputs: candidates[inputs].array, labels: labels.map { candidates[$0].array })
  }

  private init(path: String, inputs: NumpyArray, labels: NumpyArray?) throws(DatasetError) {
    guard let rows = inputs.shape.first, inputs.count > 0 else {
      throw DatasetError("\(path) holds an array of shape \(inputs.shape); its first axis counts the inputs.")
    }
    (self.path, self.inputs) = (path, inputs)
    // One picture of bytes without a batch axis.
    let isOnePicture = inputs.element == .uint8 && inputs.shape.count == 3 && inputs.shape[2] == 3
    count = isOnePicture ? 1 : rows
    itemShape = isOnePicture ? inputs.shape : Array(inputs.shape.dropFirst())
    guard let labels else {
      self.labels = nil
      return
    }
    // Some tools write whole numbers as floats.
    let whole = labels.integers() ?? labels.floats().compactMap { Int(exactly: $0) }
    guard whole.count == count, !whole.contains(where: { $0 < 0 }) else {
      throw DatasetError(
        "\(path) needs one whole number, not negative, as the label of each of its \(count) inputs; its labels have the shape \(labels.shape)."
      )
    }
    self.labels = whole
  }

  func content(_ index: Int) throws(DatasetError) -> Dataset.Content {
    let size = inputs.bytes.count / count
    let bytes = Array(inputs.bytes[index * size..<(index + 1) * size])
    guard let item = NumpyArray(shape: itemShape, element: inputs.element, bytes: bytes) else {
      throw DatasetError("\(path) has no input \(index).")
    }
    return Self.content(item)
  }

  /// What one array without a batch axis is.
  static func content(_ array: NumpyArray) -> Dataset.Content {
    let shape = array.shape
    switch array.element {
    case .uint8:
      if 2...3 ~= shape.count,
        let image = Image(
          width: shape[1], height: shape[0], channels: shape.count == 3 ? shape[2] : 1, pixels: array.bytes)
      {
        return .image(image)
      }
      return .bytes(array.bytes)
    case .int8: return .bytes(array.bytes)
    default: return .tensor(shape: shape, values: array.floats())
    }
  }

  func label(_ index: Int) -> Int? { labels?[index] }

  func name(_ index: Int) -> String { "\(path)[\(index)]" }
}

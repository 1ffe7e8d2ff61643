import Graph

/// A network read from another program's file.
public struct ImportedModel: Sendable {
  /// The network in N×H×W×C.
  public var graph: Graph
  /// How each of `graph.inputs` lay in the source, in the same order.
  public var inputs: [SourceLayout]
  /// How each of `graph.outputs` lay in the source, in the same order.
  public var outputs: [SourceLayout]
  /// The version of the source's operator set.
  public var operatorSetVersion: Int
  /// The program that wrote the file, as the file says.
  public var producer: String
  /// Size of the file.
  public var fileBytes: Int
  /// Sentences on what could not be taken over exactly.
  public var notes: [String]

  /// The result of an import.
  public init(
    graph: Graph, inputs: [SourceLayout], outputs: [SourceLayout], operatorSetVersion: Int, producer: String,
    fileBytes: Int, notes: [String] = []
  ) {
    self.graph = graph
    self.inputs = inputs
    self.outputs = outputs
    self.operatorSetVersion = operatorSetVersion
    self.producer = producer
    self.fileBytes = fileBytes
    self.notes = notes
  }
}

/// How an input or output lay in the source (N×C×H×W, for example), beside how the graph has it.
public struct SourceLayout: Sendable, Equatable {
  /// The source's name.
  public var name: String
  /// The source's shape.
  public var sourceShape: [Int]
  /// The graph's shape: the source's axes in `order`, perhaps with axes of size 1 added.
  public var graphShape: [Int]
  /// The source's axis numbers in the order in which the graph stores them: [0, 2, 3, 1] makes N×C×H×W channels-last.
  public var order: [Int]
  /// Where the source has integers that stand for quantized numbers, their type. The graph's value is real all the same:
  /// scale × (integer − zero point), its `Value.quantization`, in which uint8 is shifted by −128.
  public var integers: StoredInteger?

  /// Integers of 8 bits.
  public enum StoredInteger: String, Sendable {
    /// −128…127.
    case int8
    /// 0…255.
    case uint8
  }

  /// A layout; `order` is a permutation of the source's axes and the element counts agree.
  public init(
    name: String, sourceShape: [Int], graphShape: [Int], order: [Int], integers: StoredInteger? = nil
  ) {
    self.name = name
    self.sourceShape = sourceShape
    self.graphShape = graphShape
    self.order = order
    self.integers = integers
  }

  /// The source's tensor as the graph wants it; nil when its shape is not `sourceShape`.
  public func graphTensor(_ source: Tensor) -> Tensor? {
    guard source.shape == sourceShape else { return nil }
    let strides = rowMajorStrides(sourceShape)
    let values = stridedCopy(
      source.values, sizes: order.map { sourceShape[$0] }, strides: order.map { strides[$0] })
    return Tensor(shape: graphShape, values: values)
  }

  /// The graph's tensor as the source has it; nil when its shape is not `graphShape`.
  public func sourceTensor(_ stored: Tensor) -> Tensor? {
    guard stored.shape == graphShape else { return nil }
    let storedStrides = rowMajorStrides(order.map { sourceShape[$0] })
    var strides = storedStrides
    for (position, axis) in order.enumerated() { strides[axis] = storedStrides[position] }
    return Tensor(shape: sourceShape, values: stridedCopy(stored.values, sizes: sourceShape, strides: strides))
  }
}

/// A packed model that the Verifier accepted, for the operators that it was verified with. Its bytes must stay where
/// they are, unchanged, while this or a session of it exists.
public struct Verified<Operators: OperatorSet>: ~Copyable {
  let view: ModelView

  /// For the Verifier alone.
  init(view: consuming ModelView) { self.view = view }
}

extension Verified {
  /// Bytes of the arena that a session needs: it runs in exactly so many.
  public var arenaBytes: Int { view.arenaBytes }

  /// Bytes of the model file.
  public var fileBytes: Int { view.bytes.count }

  /// The file's header.
  public var header: Header { view.header.pointee }

  /// Number of operators.
  public var operatorCount: Int { view.operatorCount }

  /// Number of tensors.
  public var tensorCount: Int { view.tensorCount }

  /// Number of network inputs.
  public var inputCount: Int { view.inputCount }

  /// Number of network outputs.
  public var outputCount: Int { view.outputCount }

  /// Tensor number `index`.
  public func tensor(_ index: Int) -> TensorRecord {
    precondition((0..<tensorCount).contains(index))
    return view.tensors[index]
  }

  /// Operator number `index`, in execution order.
  public func operatorRecord(_ index: Int) -> OperatorRecord {
    precondition((0..<operatorCount).contains(index))
    return view.operators[index]
  }

  /// The field's standard name of operator number `index`.
  public func kind(ofOperator index: Int) -> StaticString {
    Operators.kind(of: operatorRecord(index).code) ?? "unknown"
  }

  /// The tensor index of an operator's input number `position`.
  public func inputTensor(ofOperator index: Int, _ position: Int) -> Int {
    let record = operatorRecord(index)
    precondition(position >= 0 && position < Int(truncatingIfNeeded: record.inputCount))
    return Int(truncatingIfNeeded: view.operands[Int(truncatingIfNeeded: record.firstInput) + position])
  }

  /// The tensor index of network input number `position`.
  public func inputTensor(_ position: Int) -> Int {
    precondition((0..<inputCount).contains(position))
    return view.inputTensor(position)
  }

  /// The tensor index of network output number `position`.
  public func outputTensor(_ position: Int) -> Int {
    precondition((0..<outputCount).contains(position))
    return view.outputTensor(position)
  }

  /// A name that a tensor or operator record of this file points to.
  public func name(_ extent: Extent) -> Text { view.text(extent) }

  /// Class labels, one a line; empty when the file has none.
  public var labels: Text { Text(bytes: view.section(.labels)) }

  /// `key: value` lines about how the file was made.
  public var provenance: Text { Text(bytes: view.section(.provenance)) }

  /// How a picture becomes the first input, or nil when the file does not say.
  public var preprocessing: PreprocessingRecord? {
    let section = view.section(.preprocessing)
    return section.isEmpty ? nil : section.loadUnaligned(as: PreprocessingRecord.self)
  }

  /// Bytes of a section.
  public func byteCount(of section: Section) -> Int { view.section(section).count }
}

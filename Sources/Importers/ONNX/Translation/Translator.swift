import Graph

/// What a name of the source stands for while a graph is translated.
enum Operand {
  /// Known now.
  case constant(Constant)
  /// Computed by the network.
  case activation(ActivationView)
  /// What a node would give that could not be imported.
  case unavailable
}

/// The state of one import: the graph so far and what each name stands for. Operators' handlers work on it.
struct Translator {
  var graph: Graph
  let file: [UInt8]
  let operatorSet: Int
  var operands: [String: Operand] = [:]
  var initializers: [String: ONNXTensor] = [:]
  var problems: [ImportProblem] = []
  var notes: [String] = []
  /// Scales of the file's weights and biases, by the graph's constants that they became.
  var layerScales: [ValueID: LayerScales] = [:]
  /// Inputs that the file has as integers.
  var integerInputs: [ValueID: IntegerCode] = [:]
  /// Values that only give another value a quantization.
  var quantizers: Set<ValueID> = []
  /// Elements that may still be made while folding constants: a small file cannot ask for much.
  var elementBudget: Int
  /// The node that computes each of the graph's values.
  private(set) var producers: [ValueID: Int] = [:]
  /// Reshapes and transposes that were made before, to make each once.
  private var arrangements: [Arrangement: ValueID] = [:]

  private struct Arrangement: Hashable {
    var value: ValueID
    var permutation: [Int]
    var shape: [Int]
  }

  private var external: ExternalFiles

  init(name: String, file: [UInt8], operatorSet: Int, folder: String?) {
    external = ExternalFiles(folder: folder)
    graph = Graph(name: name)
    self.file = file
    self.operatorSet = operatorSet
    elementBudget = max(1 << 18, 8 * file.count)
  }

  /// Takes from the budget for constants.
  mutating func reserve(_ count: Int?) throws(Unsupported) {
    guard let count, count <= elementBudget else {
      throw Unsupported(
        "it asks for constants far larger than the file", "Check the shapes in the model, and export it again")
    }
    elementBudget -= count
  }

  /// What `name` stands for; initializers are decoded now. nil when nothing earlier gives it.
  mutating func operand(_ name: String) throws(Unsupported) -> Operand? {
    if let operand = operands[name] { return operand }
    guard let tensor = initializers[name] else { return nil }
    return .constant(try constant(tensor))
  }

  /// A tensor's elements, decoded now.
  mutating func constant(_ tensor: ONNXTensor) throws(Unsupported) -> Constant {
    let constant = try tensor.constant(file, &external)
    // What lies in another file is limited by that file's own size.
    if !tensor.isExternal { try reserve(constant.count) }
    return constant
  }

  /// Appends a node with one output.
  mutating func emit(
    _ operation: any Operator, _ inputs: [ValueID], name: String
  ) throws(Unsupported) -> ValueID {
    do throws(GraphError) {
      // Asked first, because the graph's own error names the node again.
      for shape in try operation.outputShapes(inputs.map { graph[$0].shape }) where checkedProduct(shape) == nil {
        throw GraphError("its result of shape \(shape) is too large")
      }
      let output = try graph.append(operation, inputs, name: name)[0]
      producers[output] = graph.nodes.count - 1
      if operation.outputQuantization == .sameAsInput { graph[output].quantization = graph[inputs[0]].quantization }
      return output
    } catch {
      throw Unsupported(error.description, "Check the node's shapes in the model")
    }
  }

  /// The value with its dimensions regrouped as `dims` says: a reshape where only the grouping differs, else a transpose.
  mutating func arranged(
    _ view: ActivationView, as dims: [[Int]], name: String
  ) throws(Unsupported) -> ActivationView {
    var result = view
    result.dims = dims
    if dims.flatMap({ $0 }) != view.stored {
      if let permutation = Self.permutation(from: view.dims, to: dims) {
        result.id = try transposed(view.id, permutation, name: name)
      } else {
        let runs = Self.commonRuns(view.stored, dims.flatMap { $0 })
        let bySource = runs.sorted { view.stored.firstIndex(of: $0[0])! < view.stored.firstIndex(of: $1[0])! }
        let flat = try reshaped(view.id, [1] + bySource.map(view.size), name: name)
        let permutation = [0] + runs.map { run in bySource.firstIndex { $0[0] == run[0] }! + 1 }
        result.id = try transposed(flat, permutation, name: name)
      }
    }
    result.id = try reshaped(result.id, result.graphShape, name: name)
    return result
  }

  private mutating func reshaped(_ id: ValueID, _ shape: [Int], name: String) throws(Unsupported) -> ValueID {
    if graph[id].shape == shape { return id }
    let key = Arrangement(value: id, permutation: [], shape: shape)
    if let known = arrangements[key] { return known }
    let result = try emit(Reshape(shape: shape), [id], name: "\(name)/reshape")
    arrangements[key] = result
    return result
  }

  private mutating func transposed(
    _ id: ValueID, _ permutation: [Int], name: String
  ) throws(Unsupported) -> ValueID {
    let key = Arrangement(value: id, permutation: permutation, shape: [])
    if let known = arrangements[key] { return known }
    let result = try emit(Transpose(permutation: permutation), [id], name: "\(name)/transpose")
    arrangements[key] = result
    return result
  }

  /// Which dimension of `old` each of `new` is; nil when they are not the same dimensions.
  private static func permutation(from old: [[Int]], to new: [[Int]]) -> [Int]? {
    guard old.count == new.count else { return nil }
    var free = Array(old.indices)
    var permutation: [Int] = []
    for dim in new {
      guard let position = free.firstIndex(where: { old[$0] == dim }) else { return nil }
      permutation.append(free.remove(at: position))
    }
    return permutation
  }

  /// The longest runs of atoms that follow each other in both orders, in the order of `new`.
  private static func commonRuns(_ old: [Int], _ new: [Int]) -> [[Int]] {
    var runs: [[Int]] = []
    for atom in new {
      let position = old.firstIndex(of: atom)!
      if let last = runs.last?.last, position > 0, old[position - 1] == last {
        runs[runs.count - 1].append(atom)
      } else {
        runs.append([atom])
      }
    }
    return runs
  }
}

import Graph

/// How a source value lies in a graph value.
///
/// A source value is cut into *atoms*, axes that nothing needs to cut further; axes of size 1 have none. Each source axis
/// is a list of atoms, and so is each dimension of the graph's value. Transposes, squeezes and most reshapes of the
/// source then only regroup the lists, and cost no node: the graph's value stays where it is, usually channels-last.
struct ActivationView {
  /// The graph's value.
  var id: ValueID
  /// Size of each atom, more than 1.
  var atoms: [Int]
  /// Atoms of each axis of the source, the slowest first.
  var source: [[Int]]
  /// Atoms of each dimension of the graph's value, the slowest first.
  var dims: [[Int]]
  /// For integers that stand for quantized numbers: their type in the file. nil for numbers themselves.
  var code: IntegerCode?

  /// The source's shape.
  var shape: [Int] { source.map(size) }
  /// The graph's shape.
  var graphShape: [Int] { dims.map(size) }
  /// All atoms as they follow in memory.
  var stored: [Int] { dims.flatMap { $0 } }
  var rank: Int { source.count }
  var count: Int { size(stored) }

  /// The product of some atoms.
  func size(_ list: [Int]) -> Int { list.reduce(1) { $0 * atoms[$1] } }

  /// A value of this source shape that is stored in `order`: source axes, −1 for an added axis of size 1.
  static func fresh(_ id: ValueID, shape: [Int], order: [Int]) -> ActivationView {
    var atoms: [Int] = []
    var source: [[Int]] = []
    for size in shape {
      source.append(size == 1 ? [] : [atoms.count])
      if size != 1 { atoms.append(size) }
    }
    return ActivationView(id: id, atoms: atoms, source: source, dims: order.map { $0 < 0 ? [] : source[$0] })
  }

  /// These atoms in the order in which they are stored.
  func inStoredOrder(_ list: [Int]) -> [Int] {
    let wanted = Set(list)
    return stored.filter { wanted.contains($0) }
  }

  /// The same value seen in another shape of as many elements, or nil when its axes' sizes do not allow it.
  func reshaped(_ shape: [Int]) -> ActivationView? {
    var view = self
    var pending = source.flatMap { $0 }
    var position = 0
    var axes: [[Int]] = []
    for size in shape {
      var rest = size
      var axis: [Int] = []
      while rest > 1 {
        guard position < pending.count else { return nil }
        let atom = pending[position]
        let atomSize = view.atoms[atom]
        if rest % atomSize == 0 {
          rest /= atomSize
          position += 1
        } else if atomSize % rest == 0 {
          pending[position] = view.split(atom, first: rest)
          rest = 1
        } else {
          return nil
        }
        axis.append(atom)
      }
      axes.append(axis)
    }
    view.source = axes
    return view
  }

  /// Cuts an atom in two in `dims` and gives the second, faster one. `source` is left to the caller.
  private mutating func split(_ atom: Int, first: Int) -> Int {
    let second = atoms.count
    atoms.append(atoms[atom] / first)
    atoms[atom] = first
    dims = dims.map { $0.flatMap { $0 == atom ? [atom, second] : [$0] } }
    return second
  }

  /// The order of the source's axes in memory; nil when an axis is torn apart or out of its own order.
  ///
  /// Axes of size 1 could be anywhere: they go where channels-last has them.
  var axisOrder: [Int]? {
    let large = source.indices.filter { !source[$0].isEmpty }
    var order: [Int] = []
    var memory = stored[...]
    while let first = memory.first {
      guard let axis = large.first(where: { source[$0].first == first }), memory.starts(with: source[axis])
      else { return nil }
      order.append(axis)
      memory = memory.dropFirst(source[axis].count)
    }
    let usual = [defaultOrder, rank == 3 ? [0, 2, 1] : Array(source.indices), Array(source.indices)]
    let fitting = usual.first { $0.filter { !source[$0].isEmpty } == order }
    return fitting ?? source.indices.filter { source[$0].isEmpty } + order
  }

  /// Channels-last for images and volumes, the source's order for all else.
  var defaultOrder: [Int] {
    switch rank {
    case 4: [0, 2, 3, 1]
    case 5: [0, 2, 3, 4, 1]
    default: Array(source.indices)
    }
  }
}

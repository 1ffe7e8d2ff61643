/// Elements of the largest tensor that a graph may hold; larger shapes are refused before anything is allocated.
let largestElementCount = 1 << 30

/// Largest window, stride, dilation or padding; keeps every product of them inside 64 bits.
let largestAttribute = 1 << 20

/// - Throws: unless an operator has exactly the inputs that `names` lists.
func expect(_ inputs: [[Int]], _ names: String...) throws(GraphError) {
  guard inputs.count == names.count else {
    let list = names.joined(separator: ", ")
    throw GraphError("takes \(names.count) inputs (\(list)) but has \(inputs.count)")
  }
}

/// - Throws: unless `shape` is N×H×W×C.
func expectImage(_ shape: [Int], _ what: String = "the input") throws(GraphError) {
  guard shape.count == 4 else {
    throw GraphError("\(what) must be N×H×W×C, but its shape is \(shape); reshape it to four dimensions")
  }
}

/// - Throws: unless `shape` is `expected`.
func expectShape(_ shape: [Int], _ expected: [Int], _ what: String) throws(GraphError) {
  guard shape == expected else {
    throw GraphError("\(what) must have shape \(expected), but has \(shape)")
  }
}

/// - Throws: unless `value` lies in `range`.
func expect(_ value: Int, in range: ClosedRange<Int>, _ what: String) throws(GraphError) {
  guard range.contains(value) else {
    throw GraphError("\(what) is \(value), outside \(range.lowerBound)…\(range.upperBound)")
  }
}

/// - Throws: unless every dimension is positive and the whole fits in memory.
func expectPlausible(_ shape: [Int], _ what: String) throws(GraphError) {
  var count = 1
  for size in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: size)
    guard size > 0, !overflow, product <= largestElementCount else {
      throw GraphError(
        "\(what) has the shape \(shape), which is empty or has more than \(largestElementCount) elements")
    }
    count = product
  }
}

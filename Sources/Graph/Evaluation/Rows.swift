/// Computes each line of the last axis from the input's line. `function`: output, input, count.
func mapRows(
  _ tensor: Tensor, on workers: Workers,
  _ function: @Sendable (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void
) -> Tensor {
  let channels = tensor.shape.last ?? 1
  return workers.tensor(tensor.shape) { result in
    tensor.withPointer { x in
      nonisolated(unsafe) let (result, x) = (result, x)
      workers.split(tensor.count / channels, minimum: max(1, smallestElementwisePart / channels)) { rows in
        for row in rows { function(result + row * channels, x + row * channels, channels) }
      }
    }
  }
}

/// The shape of an operator that works on the last axis of one input.
/// - Throws: `GraphError` when there is not one input with at least one axis.
func rowShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
  try expect(inputs, "x")
  guard !inputs[0].isEmpty else { throw GraphError("a scalar has no axis to normalize") }
  return inputs
}

/// The largest of the values; there is at least one.
func largest(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
  var largest = x[0]
  for index in 1..<max(1, count) { largest = max(largest, x[index]) }
  return largest
}

/// Combines two tensors element by element under the broadcasting rule. Their shapes were checked.
func combine(
  _ a: Tensor, _ b: Tensor, on workers: Workers, _ operation: @Sendable (Float, Float) -> Float
) -> Tensor {
  guard let broadcast = try? Broadcast(a.shape, b.shape) else { preconditionFailure("shapes were not checked") }
  let shape = broadcast.shape
  let inner = shape.last ?? 1
  let (stepA, stepB) = (broadcast.stridesA.last ?? 0, broadcast.stridesB.last ?? 0)
  return Tensor.filled(shape) { result in
    a.withPointer { a in
      b.withPointer { b in
        nonisolated(unsafe) let (result, a, b) = (result, a, b)
        workers.split(shape.dropLast().reduce(1, *), minimum: max(1, smallestElementwisePart / inner)) { lines in
          for line in lines {
            var (offsetA, offsetB, rest) = (0, 0, line)
            for axis in shape.indices.dropLast().reversed() {
              let place = rest % shape[axis]
              rest /= shape[axis]
              offsetA += place * broadcast.stridesA[axis]
              offsetB += place * broadcast.stridesB[axis]
            }
            let into = result + line * inner
            for index in 0..<inner { into[index] = operation(a[offsetA + index * stepA], b[offsetB + index * stepB]) }
          }
        }
      }
    }
  }
}

/// Applies a function to every element.
func map(_ tensor: Tensor, on workers: Workers, _ function: @Sendable (Float) -> Float) -> Tensor {
  Tensor.filled(tensor.shape) { result in
    tensor.withPointer { x in
      nonisolated(unsafe) let (result, x) = (result, x)
      workers.split(tensor.count, minimum: smallestElementwisePart) { range in
        for index in range { result[index] = function(x[index]) }
      }
    }
  }
}

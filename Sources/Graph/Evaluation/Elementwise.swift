import CShim

/// What combines one line of two tensors: output, a, step of a, b, step of b, count.
typealias LineOperation =
  @Sendable (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int, UnsafePointer<Float>, Int, Int) -> Void

/// Combines two tensors under the broadcasting rule, line by line of the last axis. Their shapes were checked.
func combine(
  _ a: Tensor, _ b: Tensor, clamp: ClosedRange<Float>?, on workers: Workers,
  _ operation: @escaping LineOperation
) -> Tensor {
  guard let broadcast = try? Broadcast(a.shape, b.shape) else { preconditionFailure("shapes were not checked") }
  let lines = broadcast.mergedLines
  let inner = lines.shape.last ?? 1
  let (low, high) = bounds(clamp)
  return workers.tensor(broadcast.shape) { result in
    a.withPointer { a in
      b.withPointer { b in
        nonisolated(unsafe) let (result, a, b) = (result, a, b)
        let finish: @Sendable (Int, Int, Int, Int) -> Void = { place, offsetA, offsetB, count in
          operation(
            result + place, a + offsetA, lines.stridesA.last ?? 0, b + offsetB, lines.stridesB.last ?? 0, count)
          if clamp != nil { martlet_float_clamp(result + place, result + place, low, high, count) }
        }
        if lines.shape.count <= 1 {
          workers.split(inner, minimum: smallestElementwisePart) { range in
            finish(
              range.lowerBound, range.lowerBound * (lines.stridesA.last ?? 0),
              range.lowerBound * (lines.stridesB.last ?? 0), range.count)
          }
        } else {
          let count = lines.shape.dropLast().reduce(1, *)
          workers.split(count, minimum: max(1, smallestElementwisePart / inner)) { range in
            for line in range {
              let (offsetA, offsetB) = lines.offsets(ofLine: line)
              finish(line * inner, offsetA, offsetB, inner)
            }
          }
        }
      }
    }
  }
}

/// Computes each element from the input's element at its place. `function`: output, input, count.
func mapLines(
  _ tensor: Tensor, on workers: Workers,
  _ function: @Sendable (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void
) -> Tensor {
  workers.tensor(tensor.shape) { result in
    tensor.withPointer { x in
      nonisolated(unsafe) let (result, x) = (result, x)
      workers.split(tensor.count, minimum: smallestElementwisePart) { range in
        function(result + range.lowerBound, x + range.lowerBound, range.count)
      }
    }
  }
}

extension Tensor {
  /// Hands parts of the elements, each a multiple of `unit`, to several threads to change them.
  mutating func forEachPart(
    on workers: Workers, unit: Int, _ body: @Sendable (UnsafeMutablePointer<Float>, Int) -> Void
  ) {
    values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      nonisolated(unsafe) let shared = base
      workers.split(buffer.count / unit, minimum: max(1, smallestElementwisePart / unit)) { range in
        body(shared + range.lowerBound * unit, range.count * unit)
      }
    }
  }

  /// Limits the elements to a range.
  mutating func clamp(_ clamp: ClosedRange<Float>, on workers: Workers) {
    let (low, high) = bounds(clamp)
    forEachPart(on: workers, unit: 1) { martlet_float_clamp($0, $0, low, high, $1) }
  }
}

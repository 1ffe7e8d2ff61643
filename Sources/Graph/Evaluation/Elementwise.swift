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
  return Tensor.filled(broadcast.shape) { result in
    a.withPointer { a in
      b.withPointer { b in
        nonisolated(unsafe) let (result, a, b) = (result, a, b)
        let finish: @Sendable (Int, Int, Int, Int) -> Void = { place, offsetA, offsetB, count in
          operation(
            result + place, a + offsetA, lines.stridesA.last ?? 0, b + offsetB, lines.stridesB.last ?? 0, count)
          if clamp != nil { martlet_float_clamp(result + place, low, high, count) }
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

extension Tensor {
  /// The elements limited to a range; in place when nobody else holds them.
  consuming func clamped(_ clamp: ClosedRange<Float>, on workers: Workers) -> Tensor {
    let (low, high) = bounds(clamp)
    values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      nonisolated(unsafe) let shared = base
      workers.split(buffer.count, minimum: smallestElementwisePart) { range in
        martlet_float_clamp(shared + range.lowerBound, low, high, range.count)
      }
    }
    return self
  }
}

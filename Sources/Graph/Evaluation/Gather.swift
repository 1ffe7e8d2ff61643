/// A tensor of `shape` whose element at place p is the input's element first + Σ p[axis] · strides[axis].
func gather(_ input: Tensor, shape: [Int], first: Int, strides: [Int], on workers: Workers) -> Tensor {
  let inner = shape.last ?? 1
  let step = strides.last ?? 1
  return workers.tensor(shape) { result in
    input.withPointer { x in
      nonisolated(unsafe) let (result, x) = (result, x)
      workers.split(shape.dropLast().reduce(1, *), minimum: max(1, smallestElementwisePart / inner)) { lines in
        for line in lines {
          var (offset, rest) = (first, line)
          for axis in shape.indices.dropLast().reversed() {
            offset += rest % shape[axis] * strides[axis]
            rest /= shape[axis]
          }
          let into = result + line * inner
          if step == 1 {
            into.update(from: x + offset, count: inner)
          } else {
            for index in 0..<inner { into[index] = x[offset + index * step] }
          }
        }
      }
    }
  }
}

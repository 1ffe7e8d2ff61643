import CShim

/// C[m×n] = A[m×k] · B[k×n], or added to C; row-major, B packed.
struct MatrixProduct {
  let depth: Int
  let columns: Int
  let packed: PackedFloats

  /// Packs B, whose element (k, n) is `b[k · depthStride + n · columnStride]`.
  init(
    depth: Int, columns: Int, _ b: UnsafePointer<Float>, depthStride: Int, columnStride: Int
  ) {
    (self.depth, self.columns) = (depth, columns)
    packed = PackedFloats(count: martlet_float_packed_b_count(Int32(columns), Int32(depth))) {
      martlet_float_pack_b($0, b, depthStride, columnStride, Int32(columns), Int32(depth))
    }
  }

  /// The product with `rows` rows of A.
  func multiply(
    _ a: UnsafePointer<Float>, stride: Int, rows: Int, into c: UnsafeMutablePointer<Float>, stride cStride: Int,
    adding: Bool = false
  ) {
    var ending = martlet_float_ending(
      initial: adding ? UnsafePointer(c) : nil, initial_stride: cStride, bias: nil, low: -.infinity, high: .infinity)
    martlet_float_gemm(
      FloatKernels.best, a, stride, packed.base, c, cStride, Int32(rows), Int32(columns), Int32(depth), &ending)
  }
}

/// `to`[column][row] = `from`[row][column].
func transpose(
  _ from: UnsafePointer<Float>, stride: Int, rows: Int, columns: Int, into to: UnsafeMutablePointer<Float>
) {
  for first in Swift.stride(from: 0, to: rows, by: 16) {
    let end = min(first + 16, rows)
    for column in 0..<columns {
      let line = to + column * rows
      for row in first..<end { line[row] = from[row * stride + column] }
    }
  }
}

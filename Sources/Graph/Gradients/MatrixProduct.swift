import CShim

/// C[m×n] = A[m×k] · B[k×n]; row-major, B packed.
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
    _ a: UnsafePointer<Float>, stride: Int, rows: Int, into c: UnsafeMutablePointer<Float>, stride cStride: Int
  ) {
    var ending = martlet_float_ending(
      initial: nil, initial_stride: 0, bias: nil, low: -.infinity, high: .infinity)
    martlet_float_gemm(
      FloatKernels.best, a, stride, packed.base, c, cStride, Int32(rows), Int32(columns), Int32(depth), &ending)
  }
}

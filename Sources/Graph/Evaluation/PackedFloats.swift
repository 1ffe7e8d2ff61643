import CShim

/// Floats on a cache line of their own, never moved: packed weights and scratch.
final class PackedFloats: @unchecked Sendable {
  /// The first element, 64-byte aligned. Written only by the initializer's closure, or by the one thread that owns it.
  let base: UnsafeMutablePointer<Float>
  /// Number of elements.
  let count: Int

  /// Room for `count` floats that `fill` writes all.
  init(count: Int, _ fill: (UnsafeMutablePointer<Float>) -> Void = { _ in }) {
    self.count = count
    base = UnsafeMutableRawPointer.allocate(byteCount: max(64, count * 4), alignment: 64)
      .bindMemory(to: Float.self, capacity: max(16, count))
    fill(base)
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }
}

/// The fastest float primitives of this processor.
enum FloatKernels {
  /// Found out once.
  nonisolated(unsafe) static let best: UnsafePointer<martlet_float_kernels> = martlet_float_best_kernels()

  /// "avx512", "avx2", "portable".
  static var name: String { String(cString: best.pointee.name) }
}

/// The bounds of a fused clamp; infinite without one.
func bounds(_ clamp: ClosedRange<Float>?) -> (low: Float, high: Float) {
  (clamp?.lowerBound ?? -.infinity, clamp?.upperBound ?? .infinity)
}

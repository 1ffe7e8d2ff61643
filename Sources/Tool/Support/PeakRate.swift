import CHost
import CShim

/// The multiply-accumulates a second that a kernel family reaches at best on this processor, on one thread: its tile of
/// fourteen pixels on data in the nearest cache, where nothing but arithmetic limits it. In GMAC/s.
func peakRate(of kernels: UnsafePointer<martlet_kernels>) -> Double {
  let quads = 128
  let pixels = 14
  let blocks = Int(kernels.pointee.panel_blocks)
  let bytes = 64 * 1024
  let memory = UnsafeMutableRawPointer.allocate(byteCount: 2 * bytes, alignment: 64)
  defer { memory.deallocate() }
  memory.initializeMemory(as: UInt8.self, repeating: 1, count: 2 * bytes)
  let weights = memory.assumingMemoryBound(to: Int8.self)
  let channels = [martlet_channel_block](repeating: martlet_channel_block(), count: blocks)
  let input = UnsafePointer((memory + bytes).assumingMemoryBound(to: UInt8.self))
  let output = (memory + bytes + bytes / 2).assumingMemoryBound(to: UInt8.self)
  let order = UnsafeMutableRawPointer.allocate(byteCount: martlet_order_bytes(), alignment: 8)
  defer { order.deallocate() }
  martlet_order_begin(OpaquePointer(order), Int32(pixels))
  var best = UInt64.max
  withUnsafePointer(to: Optional(input)) { runs in
    channels.withUnsafeBufferPointer { channels in
      var panel = martlet_panel(
        weights: weights, channels: channels.baseAddress, block_bytes: quads * 64, blocks: Int32(blocks),
        channels_stored: Int32(16 * blocks), runs: 1, run_quads: Int32(quads),
        output: martlet_output(zero_point: 0, low: 0, high: 255), residual_factor: 0, residual_zero_point: 0,
        next_weights: weights, shares_runs: 0, order: OpaquePointer(order))
      var segment = martlet_segment(
        runs: runs, run_step: quads * 4, residual: nil, residual_step: 0, output: output, output_step: 16 * blocks,
        pixels: Int32(pixels))
      for _ in 0..<200 {
        let start = martlet_host_nanoseconds()
        for _ in 0..<50 { kernels.pointee.convolve(&panel, &segment, 1) }
        best = min(best, martlet_host_nanoseconds() - start)
      }
    }
  }
  return Double(50 * pixels * quads * 4 * 16 * blocks) / Double(max(best, 1))
}

import CShim
import Testing

@testable import Graph

@Suite struct PackingTests {
  /// Reads the packed weights as `martlet_convolution` documents them.
  @Test(arguments: 0..<60) func densePackingUnpacks(seed: Int) {
    var random = SeededGenerator(seed)
    let groups = random.size(1...3)
    let kernel = Size2D(random.size(1...4), random.size(1...4))
    let dilation = Size2D(1, random.size(1...2))
    let packing = DensePacking(
      outputs: groups * random.size(1...40), kernel: kernel, depth: random.size(1...9), groups: groups,
      dilation: dilation)
    let perOutput = kernel.height * kernel.width * packing.depth
    let weights = (0..<packing.outputs * perOutput).map { _ in Int8(random.size(1...127)) }
    let packed = packing.pack(weights)
    let groupOutputs = packing.outputs / groups
    let blocks = (groupOutputs + 15) / 16
    #expect(packed.count == groups * blocks * packing.runs * packing.runQuads * 64)
    #expect(packing.runsPerRow == (groups == 1 && dilation.width == 1 ? 1 : kernel.width))
    var read = 0
    for output in 0..<packing.outputs {
      let (group, inGroup) = output.quotientAndRemainder(dividingBy: groupOutputs)
      for tap in 0..<perOutput {
        let run = tap / packing.runBytes
        let byte = tap % packing.runBytes
        let place =
          (((group * blocks + inGroup / 16) * packing.runs + run) * packing.runQuads + byte / 4) * 64
          + inGroup % 16 * 4 + byte % 4
        if packed[place] == weights[output * perOutput + tap] { read += 1 }
      }
    }
    #expect(read == weights.count)
    #expect(packed.count { $0 != 0 } == weights.count)
  }

  @Test(arguments: 1...9, 1...5) func depthwisePackingUnpacks(height: Int, width: Int) {
    var random = SeededGenerator(height * 10 + width)
    let channels = random.size(1...40)
    let packing = DepthwisePacking(channels: channels, kernel: Size2D(height, width))
    let weights = (0..<height * width * channels).map { _ in Int8(random.size(1...127)) }
    let packed = packing.pack(weights)
    var read = 0
    for channel in 0..<channels {
      for tap in 0..<height * width {
        for quad in 0..<packing.quads {
          for lane in 0..<4
          where martlet_depthwise_tap(Int32(height), Int32(width), Int32(quad), Int32(lane)) == Int32(tap) {
            let place = ((channel / 16 * packing.quads + quad) * 16 + channel % 16) * 4 + lane
            if packed[place] == weights[tap * channels + channel] { read += 1 }
          }
        }
      }
    }
    #expect(read == weights.count)
    #expect(packed.count == (channels + 15) / 16 * packing.quads * 64)
    #expect(packed.count { $0 != 0 } == weights.count)
  }
}

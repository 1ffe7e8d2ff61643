import CShim

/// How a dense convolution's weights lie in the packed file: `[groups][blocks][runs][runQuads][16][4]`, where a block
/// is sixteen output channels and a run is a stretch of adjacent input bytes (see `martlet_convolution`).
public struct DensePacking: Hashable, Sendable {
  /// Output channels, all groups together.
  public var outputs: Int
  /// Taps of the kernel.
  public var kernel: Size2D
  /// Input channels of one group.
  public var depth: Int
  /// Independent convolutions.
  public var groups: Int
  /// 1 when a kernel row is one run, else the kernel's width.
  public var runsPerRow: Int

  /// The packing of OC×KH×KW×IC/groups weights.
  public init(outputs: Int, kernel: Size2D, depth: Int, groups: Int, dilation: Size2D) {
    self.outputs = outputs
    self.kernel = kernel
    self.depth = depth
    self.groups = groups
    runsPerRow = groups == 1 && dilation.width == 1 ? 1 : kernel.width
  }

  /// Output channels of one group.
  public var groupOutputs: Int { outputs / groups }
  /// Blocks of sixteen output channels, all groups together.
  public var blocks: Int { groups * ((groupOutputs + 15) / 16) }
  /// Runs of one output pixel.
  public var runs: Int { kernel.height * runsPerRow }
  /// Input bytes of one run.
  public var runBytes: Int { runsPerRow == 1 ? kernel.width * depth : depth }
  /// Groups of four bytes that a run takes.
  public var runQuads: Int { (runBytes + 3) / 4 }
  /// Packed bytes.
  public var byteCount: Int { blocks * runs * runQuads * 64 }

  /// Where an output channel's constants are: its block and its lane in it.
  public func place(ofOutput output: Int) -> (block: Int, lane: Int) {
    let (group, inGroup) = output.quotientAndRemainder(dividingBy: groupOutputs)
    return (group * ((groupOutputs + 15) / 16) + inGroup / 16, inGroup % 16)
  }

  /// Packs weights in the order OC×KH×KW×IC/groups; what no weight fills is 0.
  public func pack(_ weights: [Int8]) -> [Int8] {
    var packed = [Int8](repeating: 0, count: byteCount)
    let perOutput = runs * runBytes
    packed.withUnsafeMutableBufferPointer { packed in
      weights.withUnsafeBufferPointer { weights in
        for output in 0..<outputs {
          let (block, lane) = place(ofOutput: output)
          for run in 0..<runs {
            let from = output * perOutput + run * runBytes
            let into = ((block * runs + run) * runQuads * 16 + lane) * 4
            for byte in 0..<runBytes { packed[into + byte / 4 * 64 + byte % 4] = weights[from + byte] }
          }
        }
      }
    }
    return packed
  }
}

/// How a depthwise convolution's weights lie in the packed file: `[blocks][quads][16][4]` (see `martlet_depthwise`).
public struct DepthwisePacking: Hashable, Sendable {
  /// Channels.
  public var channels: Int
  /// Taps of the kernel.
  public var kernel: Size2D

  /// The packing of KH×KW×C weights.
  public init(channels: Int, kernel: Size2D) {
    self.channels = channels
    self.kernel = kernel
  }

  /// Blocks of sixteen channels.
  public var blocks: Int { (channels + 15) / 16 }
  /// Groups of four taps.
  public var quads: Int { Int(martlet_depthwise_quads(Int32(kernel.height), Int32(kernel.width))) }
  /// Packed bytes.
  public var byteCount: Int { blocks * quads * 64 }

  /// Packs weights in the order KH×KW×C; what no weight fills is 0.
  public func pack(_ weights: [Int8]) -> [Int8] {
    var packed = [Int8](repeating: 0, count: byteCount)
    for quad in 0..<quads {
      for lane in 0..<4 {
        let tap = martlet_depthwise_tap(Int32(kernel.height), Int32(kernel.width), Int32(quad), Int32(lane))
        guard tap >= 0 else { continue }
        for channel in 0..<channels {
          let place = ((channel / 16 * quads + quad) * 16 + channel % 16) * 4 + lane
          packed[place] = weights[Int(tap) * channels + channel]
        }
      }
    }
    return packed
  }
}

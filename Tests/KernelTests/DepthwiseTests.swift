import CShim
import Testing

/// A random depthwise convolution with packed constants.
struct DepthwiseProblem {
  var kernel: (height: Int, width: Int)
  var stride: (height: Int, width: Int)
  var dilation: (height: Int, width: Int)
  var pad: (top: Int, left: Int)
  var input: Layout
  var output: Layout
  var rows: Range<Int>
  var parameters = martlet_depthwise()
  /// [kernel row][kernel column][channel], and biases before the zero point's share.
  var weights: [Int8] = []
  var biases: [Int32] = []
  var factors: [Float] = []
  let inputMemory: Memory
  let outputMemory: Memory
  let packedWeights: Memory
  let packedChannels: Memory

  init(_ random: inout Random) {
    let side = random.choice([1, 2, 3, 3, 3, 3, 5, 5, 7])
    kernel = random.oneIn(5) ? (random.integer(1...6), random.integer(1...6)) : (side, side)
    if random.oneIn(100) { kernel = (17, 16) }
    if random.oneIn(12) { kernel = (random.integer(1...16), 1) }
    let step = random.choice([1, 1, 2, 2, 3])
    stride = random.oneIn(8) ? (random.integer(1...3), random.integer(1...3)) : (step, step)
    dilation = random.oneIn(6) ? (random.integer(1...3), random.integer(1...3)) : (1, 1)
    let reach = ((kernel.height - 1) * dilation.height, (kernel.width - 1) * dilation.width)
    pad = random.oneIn(3) ? (0, 0) : (reach.0 / 2, reach.1 / 2)
    if random.oneIn(8) { pad = (random.integer(0...reach.0), random.integer(0...reach.1)) }
    let below = random.oneIn(3) ? random.integer(0...reach.0) : pad.top
    let right = random.oneIn(3) ? random.integer(0...reach.1) : pad.left
    let isColumn = kernel.width == 1 && random.oneIn(2)
    let height = max(random.integer(1...(isColumn ? 40 : 12)), reach.0 + 1 - pad.top - below)
    let width = max(isColumn ? 1 : random.integer(1...24), reach.1 + 1 - pad.left - right)
    let channels = random.oneIn(6) ? 8 : random.integer(1...random.choice([16, 40, 80]))
    let outputHeight = (height + pad.top + below - reach.0 - 1) / stride.height + 1
    let outputWidth = (width + pad.left + right - reach.1 - 1) / stride.width + 1
    let first = random.oneIn(2) ? 0 : random.integer(0...outputHeight - 1)
    rows = first..<(random.oneIn(2) ? outputHeight : random.integer(first + 1...outputHeight))
    input = Layout(height, width, channels)
    input.loosen(&random, leastRows: 1)
    output = Layout(outputHeight, outputWidth, channels)
    output.loosen(&random, leastRows: rows.count)
    inputMemory = Memory(count: input.byteCount, random: &random)
    outputMemory = Memory(count: output.byteCount, random: &random)
    let quads = Int(martlet_depthwise_quads(Int32(kernel.height), Int32(kernel.width)))
    packedWeights = Memory(count: (channels + 15) / 16 * quads * 64, slack: 0)
    packedChannels = Memory(count: (channels + 15) / 16 * 192, slack: 0)
    fillParameters(&random)
    pack(&random, quads: quads)
  }

  private mutating func fillParameters(_ random: inout Random) {
    parameters.weights = UnsafePointer(packedWeights.start.assumingMemoryBound(to: Int8.self))
    parameters.channels = UnsafePointer(packedChannels.start.assumingMemoryBound(to: martlet_channel_block.self))
    (parameters.kernel_height, parameters.kernel_width) = (Int32(kernel.height), Int32(kernel.width))
    (parameters.stride_height, parameters.stride_width) = (Int32(stride.height), Int32(stride.width))
    (parameters.dilation_height, parameters.dilation_width) = (Int32(dilation.height), Int32(dilation.width))
    (parameters.pad_top, parameters.pad_left) = (Int32(pad.top), Int32(pad.left))
    parameters.input_zero_point = Int32(random.integer(0...255))
    parameters.output = randomOutput(&random)
  }

  private mutating func pack(_ random: inout Random, quads: Int) {
    let taps = kernel.height * kernel.width
    let channels = input.channels
    weights = (0..<taps * channels).map { _ in Int8(random.integer(-127...127)) }
    let packed = packedWeights.start.assumingMemoryBound(to: Int8.self)
    for channel in 0..<channels {
      biases.append(Int32(random.integer(-9000...9000)))
      factors.append(channel % 5 == 4 ? 0.5 : random.real(0.2...2) / (60 * Float(taps).squareRoot()))
      var sum: Int32 = 0
      for place in 0..<quads * 4 {
        let tap = martlet_depthwise_tap(Int32(kernel.height), Int32(kernel.width), Int32(place / 4), Int32(place % 4))
        if tap < 0 { continue }
        let weight = weights[Int(tap) * channels + channel]
        sum += Int32(weight)
        packed[(channel / 16 * quads + place / 4) * 64 + channel % 16 * 4 + place % 4] = weight
      }
      let constants = packedChannels.start + channel / 16 * 192 + channel % 16 * 4
      constants.storeBytes(of: biases[channel] - parameters.input_zero_point * sum, as: Int32.self)
      constants.storeBytes(of: factors[channel], toByteOffset: 64, as: Float.self)
      constants.storeBytes(of: sum, toByteOffset: 128, as: Int32.self)
    }
  }

  var scratchBytes: Int {
    var (parameters, input, output) = (parameters, input.rows(in: inputMemory), output.rows(in: outputMemory))
    return martlet_depthwise_scratch_bytes(&parameters, &input, &output)
  }

  func run(_ kernels: UnsafePointer<martlet_kernels>, output memory: Memory, scratch: Memory) {
    var (parameters, input, output) = (parameters, input.rows(in: inputMemory), output.rows(in: memory))
    martlet_depthwise_rows(
      kernels, &parameters, &input, &output, Int32(rows.lowerBound), Int32(rows.upperBound), scratch.bytes)
  }

  /// The definition, with padding that is really zero.
  func reference(_ row: Int, _ column: Int, _ channel: Int) -> UInt8 {
    var sum = Int(biases[channel])
    for kernelRow in 0..<kernel.height {
      for kernelColumn in 0..<kernel.width {
        let y = row * stride.height - pad.top + kernelRow * dilation.height
        let x = column * stride.width - pad.left + kernelColumn * dilation.width
        guard (0..<input.height).contains(y), (0..<input.width).contains(x) else { continue }
        let value = Int(inputMemory.bytes[input.offset(y, x, channel)]) - Int(parameters.input_zero_point)
        sum += value * Int(weights[(kernelRow * kernel.width + kernelColumn) * input.channels + channel])
      }
    }
    return store(Float(sum) * factors[channel], parameters.output)
  }

  var description: String {
    "kernel \(kernel) stride \(stride) dilation \(dilation) pad \(pad) input \(input) output \(output) rows \(rows)"
  }
}

@Suite struct DepthwiseTests {
  @Test func scalarFollowsTheDefinition() {
    var random = Random(seed: 2)
    for _ in 0..<150 {
      let problem = DepthwiseProblem(&random)
      let output = Memory(copying: problem.outputMemory)
      let expected = Memory(copying: problem.outputMemory)
      problem.run(scalar, output: output, scratch: Memory(count: problem.scratchBytes))
      for row in problem.rows {
        for column in 0..<problem.output.width {
          for channel in 0..<problem.output.channels {
            expected.bytes[problem.output.offset(row, column, channel)] = problem.reference(row, column, channel)
          }
        }
      }
      #expect(output.firstDifference(from: expected) == nil, "\(problem.description)")
    }
  }

  @Test(arguments: 0..<4) func familiesAgree(batch: Int) {
    var random = Random(seed: 200 + UInt64(batch))
    for _ in 0..<800 {
      let problem = DepthwiseProblem(&random)
      compareFamilies(
        problem.description, output: problem.outputMemory, scratchBytes: problem.scratchBytes
      ) { kernels, output, scratch in problem.run(kernels, output: output, scratch: scratch) }
    }
  }

  @Test func tapsFillTheQuads() {
    for height in Int32(1)...9 {
      for width in Int32(1)...9 {
        var seen: [Int32] = []
        for quad in 0..<martlet_depthwise_quads(height, width) {
          for lane in Int32(0)..<4 { seen.append(martlet_depthwise_tap(height, width, quad, lane)) }
        }
        #expect(seen.filter { $0 >= 0 }.sorted() == Array(0..<height * width))
      }
    }
  }
}

import CShim

/// A random convolution with packed constants, input, residual and the rows of output to compute.
struct ConvolutionProblem {
  var kernel = (height: 1, width: 1)
  var stride = (height: 1, width: 1)
  var dilation = (height: 1, width: 1)
  var pad = (top: 0, left: 0)
  var groups = 1
  var input: Layout
  var output: Layout
  var residual: Layout?
  var rows: Range<Int>
  var parameters = martlet_convolution()
  /// [output channel][kernel row][kernel column][input channel of the group], and biases before the zero point's share.
  var weights: [Int8] = []
  var biases: [Int32] = []
  var factors: [Float] = []
  let inputMemory: Memory
  let outputMemory: Memory
  let residualMemory: Memory?
  let packedWeights: Memory
  let packedChannels: Memory

  var groupInputs: Int { input.channels / groups }
  var groupOutputs: Int { output.channels / groups }

  init(_ random: inout Random, multiplyAccumulates most: Int) {
    var shape = ConvolutionShape(&random)
    while shape.multiplyAccumulates > most { shape = ConvolutionShape(&random) }
    (kernel, stride, dilation, pad, groups) = (shape.kernel, shape.stride, shape.dilation, shape.pad, shape.groups)
    let first = random.oneIn(2) ? 0 : random.integer(0...shape.outputHeight - 1)
    let end = random.oneIn(2) ? shape.outputHeight : random.integer(first + 1...shape.outputHeight)
    rows = first..<end
    input = Layout(shape.height, shape.width, shape.inputs)
    input.loosen(&random, leastRows: 1)
    output = Layout(shape.outputHeight, shape.outputWidth, shape.outputs)
    if random.oneIn(3) {
      var layout = output
      layout.loosen(&random, leastRows: rows.count)
      residual = layout
    }
    output.loosen(&random, leastRows: rows.count)
    inputMemory = Memory(count: input.byteCount, random: &random)
    outputMemory = Memory(count: output.byteCount, random: &random)
    residualMemory = residual.map { Memory(count: $0.byteCount, random: &random) }
    let runsPerRow = shape.groups == 1 && shape.dilation.width == 1 && !random.oneIn(4) ? 1 : shape.kernel.width
    let runBytes = (runsPerRow == 1 ? shape.kernel.width : 1) * shape.inputs / shape.groups
    let blocks = shape.groups * ((shape.outputs / shape.groups + 15) / 16)
    let runs = shape.kernel.height * runsPerRow
    packedWeights = Memory(count: blocks * runs * ((runBytes + 3) / 4) * 64, slack: 0)
    packedChannels = Memory(count: blocks * 192, slack: 0)
    fillParameters(&random, runsPerRow: runsPerRow)
    fillConstants(&random)
    pack(runsPerRow: runsPerRow)
  }

  private mutating func fillParameters(_ random: inout Random, runsPerRow: Int) {
    parameters.weights = UnsafePointer(packedWeights.start.assumingMemoryBound(to: Int8.self))
    parameters.channels = UnsafePointer(packedChannels.start.assumingMemoryBound(to: martlet_channel_block.self))
    (parameters.kernel_height, parameters.kernel_width) = (Int32(kernel.height), Int32(kernel.width))
    (parameters.stride_height, parameters.stride_width) = (Int32(stride.height), Int32(stride.width))
    (parameters.dilation_height, parameters.dilation_width) = (Int32(dilation.height), Int32(dilation.width))
    (parameters.pad_top, parameters.pad_left) = (Int32(pad.top), Int32(pad.left))
    parameters.groups = Int32(groups)
    parameters.runs_per_row = Int32(runsPerRow)
    parameters.input_zero_point = Int32(random.integer(0...255))
    parameters.output = randomOutput(&random)
    parameters.residual_factor = random.real(-2...2)
    parameters.residual_zero_point = Int32(random.integer(0...255))
  }

  private mutating func fillConstants(_ random: inout Random) {
    let taps = kernel.height * kernel.width * groupInputs
    let extreme = random.oneIn(8)
    // Around 64, two products of bytes just fit 16 bits, or just do not.
    let most = random.oneIn(2) ? 127 : random.integer(62...66)
    // Neighbours of unlike signs always fit.
    let alternates = random.oneIn(4)
    for channel in 0..<output.channels {
      var sum = 0
      for tap in 0..<taps {
        let limit = random.oneIn(100) ? 127 : most
        var weight = extreme ? (random.oneIn(2) ? limit : -limit) : random.integer(-limit...limit)
        if alternates, !random.oneIn(200) { weight = tap % 2 == 0 ? abs(weight) : -abs(weight) }
        weights.append(Int8(weight))
        sum += weight
      }
      biases.append(Int32(random.integer(-20000...20000)))
      let spread = 5000 * Float(taps).squareRoot()
      factors.append(channel % 5 == 4 ? 0.5 : random.real(0.2...2) * 90 / spread)
    }
  }

  private func pack(runsPerRow: Int) {
    let blocksPerGroup = (groupOutputs + 15) / 16
    let runBytes = (runsPerRow == 1 ? kernel.width : 1) * groupInputs
    let runs = kernel.height * runsPerRow
    let quads = (runBytes + 3) / 4
    let kernelBytes = runs * runBytes
    let packed = packedWeights.start.assumingMemoryBound(to: Int8.self)
    for channel in 0..<output.channels {
      let (group, within) = (channel / groupOutputs, channel % groupOutputs)
      let block = group * blocksPerGroup + within / 16
      let lane = within % 16
      var sum: Int32 = 0
      for index in 0..<kernelBytes {
        let (run, byte) = (index / runBytes, index % runBytes)
        let weight = weights[channel * kernelBytes + index]
        sum += Int32(weight)
        packed[((block * runs + run) * quads + byte / 4) * 64 + lane * 4 + byte % 4] = weight
      }
      let constants = packedChannels.start + block * 192 + lane * 4
      constants.storeBytes(of: biases[channel] - parameters.input_zero_point * sum, as: Int32.self)
      constants.storeBytes(of: factors[channel], toByteOffset: 64, as: Float.self)
      constants.storeBytes(of: sum, toByteOffset: 128, as: Int32.self)
    }
  }

  var scratchBytes: Int {
    withUnsafePointer(to: parameters) { parameters in
      withUnsafePointer(to: input.rows(in: inputMemory)) { input in
        withUnsafePointer(to: output.rows(in: outputMemory)) { output in
          martlet_convolution_scratch_bytes(parameters, input, output)
        }
      }
    }
  }

  func run(_ kernels: UnsafePointer<martlet_kernels>, output memory: Memory, scratch: Memory) {
    var (parameters, input) = (parameters, input.rows(in: inputMemory))
    var output = output.rows(in: memory)
    let (first, end) = (Int32(rows.lowerBound), Int32(rows.upperBound))
    if let residual, let residualMemory {
      var residualRows = residual.rows(in: residualMemory)
      martlet_convolution_rows(kernels, &parameters, &input, &residualRows, &output, first, end, scratch.bytes)
    } else {
      martlet_convolution_rows(kernels, &parameters, &input, nil, &output, first, end, scratch.bytes)
    }
  }

  /// The definition, with padding that is really zero.
  func reference(_ row: Int, _ column: Int, _ channel: Int) -> UInt8 {
    let zeroPoint = Int(parameters.input_zero_point)
    var sum = Int(biases[channel])
    var weight = channel * kernel.height * kernel.width * groupInputs
    let firstInput = channel / groupOutputs * groupInputs
    for kernelRow in 0..<kernel.height {
      for kernelColumn in 0..<kernel.width {
        let y = row * stride.height - pad.top + kernelRow * dilation.height
        let x = column * stride.width - pad.left + kernelColumn * dilation.width
        defer { weight += groupInputs }
        guard (0..<input.height).contains(y), (0..<input.width).contains(x) else { continue }
        let from = input.offset(y, x, firstInput)
        for inner in 0..<groupInputs {
          sum += (Int(inputMemory.bytes[from + inner]) - zeroPoint) * Int(weights[weight + inner])
        }
      }
    }
    var value = Float(sum) * factors[channel]
    if let residual, let residualMemory {
      let other = Int(residualMemory.bytes[residual.offset(row, column, channel)])
      value += Float(other - Int(parameters.residual_zero_point)) * parameters.residual_factor
    }
    return store(value, parameters.output)
  }

  var description: String {
    "kernel \(kernel) stride \(stride) dilation \(dilation) pad \(pad) groups \(groups) runs a row "
      + "\(parameters.runs_per_row) input \(input) output \(output) residual \(residual != nil) rows \(rows)"
  }
}

/// Sizes of a random convolution.
struct ConvolutionShape {
  var kernel: (height: Int, width: Int)
  var stride: (height: Int, width: Int)
  var dilation: (height: Int, width: Int)
  var pad: (top: Int, left: Int)
  var groups: Int
  var height: Int
  var width: Int
  var inputs: Int
  var outputs: Int
  var outputHeight: Int
  var outputWidth: Int

  init(_ random: inout Random) {
    let side = random.choice([1, 1, 3, 3, 3, 5, 7])
    kernel = (side, side)
    if random.oneIn(5) { kernel = (random.integer(1...4), random.integer(1...7)) }
    let step = random.choice([1, 1, 1, 2, 3])
    stride = random.oneIn(8) ? (random.integer(1...3), random.integer(1...3)) : (step, step)
    dilation = random.oneIn(6) ? (random.integer(1...3), random.integer(1...3)) : (1, 1)
    let reach = ((kernel.height - 1) * dilation.height, (kernel.width - 1) * dilation.width)
    pad = random.oneIn(3) ? (0, 0) : (reach.0 / 2, reach.1 / 2)
    if random.oneIn(10) { pad = (random.integer(0...reach.0), random.integer(0...reach.1)) }
    let below = random.oneIn(3) ? random.integer(0...reach.0) : pad.top
    let right = random.oneIn(3) ? random.integer(0...reach.1) : pad.left
    width = random.oneIn(10) ? random.integer(41...120) : random.integer(1...40)
    height = random.integer(1...random.choice([3, 10, 20]))
    height = max(height, reach.0 + 1 - pad.top - below)
    width = max(width, reach.1 + 1 - pad.left - right)
    outputHeight = (height + pad.top + below - reach.0 - 1) / stride.height + 1
    outputWidth = (width + pad.left + right - reach.1 - 1) / stride.width + 1
    groups = random.oneIn(6) ? random.integer(2...6) : 1
    inputs = random.oneIn(4) ? 3 : random.integer(1...random.choice([8, 32, 80]))
    outputs = random.oneIn(4) ? 8 * random.integer(1...9) : random.integer(1...random.choice([8, 48, 80]))
    if groups > 1 {
      inputs = groups * random.integer(1...16)
      outputs = groups * random.integer(1...20)
    }
  }

  var multiplyAccumulates: Int {
    outputHeight * outputWidth * outputs * kernel.height * kernel.width * inputs / groups
  }
}

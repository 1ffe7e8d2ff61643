import CShim
import Testing

/// A random pooling window walk.
struct PoolingProblem {
  var parameters = martlet_pooling()
  var input: Layout
  var output: Layout
  var rows: Range<Int>
  let inputMemory: Memory
  let outputMemory: Memory

  init(_ random: inout Random) {
    let side = random.choice([2, 2, 3, 3, 5])
    var kernel = random.oneIn(5) ? (random.integer(1...9), random.integer(1...9)) : (side, side)
    let dilation = random.oneIn(8) ? (random.integer(1...2), random.integer(1...2)) : (1, 1)
    let step = random.choice([1, 2, 2, 3])
    let channels = random.integer(1...random.choice([16, 64, 200]))
    var height = random.integer(1...14)
    var width = random.integer(1...14)
    if random.oneIn(8) { kernel = (height, width) }
    let reach = ((kernel.0 - 1) * dilation.0, (kernel.1 - 1) * dilation.1)
    let pads = (0..<4).map { _ in random.oneIn(2) ? 0 : random.integer(0...side / 2) }
    height = max(height, reach.0 + 1 - pads[0] - pads[2])
    width = max(width, reach.1 + 1 - pads[1] - pads[3])
    let extra = random.oneIn(3) ? step - 1 : 0
    let outputHeight = (height + pads[0] + pads[2] - reach.0 - 1 + extra) / step + 1
    let outputWidth = (width + pads[1] + pads[3] - reach.1 - 1 + extra) / step + 1
    let first = random.oneIn(2) ? 0 : random.integer(0...outputHeight - 1)
    rows = first..<(random.oneIn(2) ? outputHeight : random.integer(first + 1...outputHeight))
    input = Layout(height, width, channels)
    input.loosen(&random, leastRows: 1)
    output = Layout(outputHeight, outputWidth, channels)
    output.loosen(&random, leastRows: rows.count)
    inputMemory = Memory(count: input.byteCount, random: &random)
    outputMemory = Memory(count: output.byteCount, random: &random)
    parameters.kernel_height = Int32(kernel.0)
    parameters.kernel_width = Int32(kernel.1)
    (parameters.stride_height, parameters.stride_width) = (Int32(step), Int32(step))
    (parameters.dilation_height, parameters.dilation_width) = (Int32(dilation.0), Int32(dilation.1))
    (parameters.pad_top, parameters.pad_left) = (Int32(pads[0]), Int32(pads[1]))
    (parameters.pad_bottom, parameters.pad_right) = (Int32(pads[2]), Int32(pads[3]))
    parameters.count_padding = random.oneIn(2) ? 1 : 0
    parameters.input_zero_point = Int32(random.integer(0...255))
    parameters.factor = random.oneIn(3) ? 1 : random.real(0.1...3)
    parameters.output = randomOutput(&random)
  }

  func maximum(_ kernels: UnsafePointer<martlet_kernels>, output memory: Memory) {
    var (parameters, input, output) = (parameters, input.rows(in: inputMemory), output.rows(in: memory))
    martlet_maximum_pool_rows(
      kernels, &parameters, &input, &output, Int32(rows.lowerBound), Int32(rows.upperBound))
  }

  func average(_ kernels: UnsafePointer<martlet_kernels>, output memory: Memory, scratch: Memory) {
    var (parameters, input, output) = (parameters, input.rows(in: inputMemory), output.rows(in: memory))
    martlet_average_pool_rows(
      kernels, &parameters, &input, &output, Int32(rows.lowerBound), Int32(rows.upperBound), scratch.bytes)
  }

  /// Values of the taps inside the image, and how many lie inside the padded image.
  func window(_ row: Int, _ column: Int, _ channel: Int) -> (inside: [Int], padded: Int) {
    var inside: [Int] = []
    var padded = 0
    let rule = parameters
    for kernelRow in 0..<rule.kernel_height {
      for kernelColumn in 0..<rule.kernel_width {
        let y = Int(Int32(row) * rule.stride_height - rule.pad_top + kernelRow * rule.dilation_height)
        let x = Int(Int32(column) * rule.stride_width - rule.pad_left + kernelColumn * rule.dilation_width)
        if y < input.height + Int(rule.pad_bottom), x < input.width + Int(rule.pad_right) { padded += 1 }
        guard (0..<input.height).contains(y), (0..<input.width).contains(x) else { continue }
        inside.append(Int(inputMemory.bytes[input.offset(y, x, channel)]))
      }
    }
    return (inside, padded)
  }

  func referenceMaximum(_ row: Int, _ column: Int, _ channel: Int) -> UInt8 {
    UInt8(window(row, column, channel).inside.max() ?? 0)
  }

  func referenceAverage(_ row: Int, _ column: Int, _ channel: Int) -> UInt8 {
    let (inside, padded) = window(row, column, channel)
    let sum = inside.reduce(0) { $0 + $1 - Int(parameters.input_zero_point) }
    let count = max(parameters.count_padding != 0 ? padded : inside.count, 1)
    return store(Float(sum) * (parameters.factor / Float(count)), parameters.output)
  }

  var description: String { "\(parameters) input \(input) output \(output) rows \(rows)" }
}

@Suite struct PoolingTests {
  @Test func scalarFollowsTheDefinition() {
    var random = Random(seed: 3)
    for _ in 0..<100 {
      let problem = PoolingProblem(&random)
      let maximum = Memory(copying: problem.outputMemory)
      let average = Memory(copying: problem.outputMemory)
      let expectedMaximum = Memory(copying: problem.outputMemory)
      let expectedAverage = Memory(copying: problem.outputMemory)
      problem.maximum(scalar, output: maximum)
      problem.average(scalar, output: average, scratch: Memory(count: problem.output.channels * 4))
      for row in problem.rows {
        for column in 0..<problem.output.width {
          for channel in 0..<problem.output.channels {
            let at = problem.output.offset(row, column, channel)
            expectedMaximum.bytes[at] = problem.referenceMaximum(row, column, channel)
            expectedAverage.bytes[at] = problem.referenceAverage(row, column, channel)
          }
        }
      }
      #expect(maximum.firstDifference(from: expectedMaximum) == nil, "\(problem.description)")
      #expect(average.firstDifference(from: expectedAverage) == nil, "\(problem.description)")
    }
  }

  @Test func familiesAgree() {
    var random = Random(seed: 300)
    for _ in 0..<1000 {
      let problem = PoolingProblem(&random)
      compareFamilies(
        "maximum \(problem.description)", output: problem.outputMemory, scratchBytes: 0
      ) { kernels, output, _ in problem.maximum(kernels, output: output) }
      compareFamilies(
        "average \(problem.description)", output: problem.outputMemory, scratchBytes: problem.output.channels * 4
      ) { kernels, output, scratch in problem.average(kernels, output: output, scratch: scratch) }
    }
  }
}

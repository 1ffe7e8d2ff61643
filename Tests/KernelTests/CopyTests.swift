import CShim
import Testing

/// A random window of a tensor, copied into part of another's channels.
struct CopyProblem {
  var window = martlet_window()
  var input: Layout
  var output: Layout
  var rows: Range<Int>
  let inputMemory: Memory
  let outputMemory: Memory
  let table: Memory

  init(_ random: inout Random) {
    input = Layout(random.integer(1...6), random.integer(1...8), random.integer(1...random.choice([6, 90])))
    output = Layout(random.integer(1...8), random.integer(1...10), random.integer(1...random.choice([6, 90])))
    if random.oneIn(3) { (output.channels, output.pixelPitch) = (input.channels, input.channels) }
    let first = random.oneIn(2) ? 0 : random.integer(0...output.height - 1)
    rows = first..<(random.oneIn(2) ? output.height : random.integer(first + 1...output.height))
    input.loosen(&random, leastRows: 1)
    output.pixelPitch = output.channels
    output.rowPitch = output.width * output.channels
    output.loosen(&random, leastRows: rows.count)
    inputMemory = Memory(count: input.byteCount, random: &random)
    outputMemory = Memory(count: output.byteCount, random: &random)
    table = Memory(count: 256, random: &random)
    func begin(_ random: inout Random) -> Int32 { random.oneIn(2) ? 0 : Int32(random.integer(-3...3)) }
    func step(_ random: inout Random) -> Int32 { random.oneIn(3) ? Int32(random.integer(1...3)) : 1 }
    (window.begin_y, window.begin_x, window.begin_c) = (begin(&random), begin(&random), begin(&random))
    (window.step_y, window.step_x, window.step_c) = (step(&random), step(&random), step(&random))
    window.count = Int32(random.oneIn(2) ? output.channels : random.integer(1...output.channels))
    window.output_channel = Int32(random.integer(0...output.channels - Int(window.count)))
    window.fill = Int32(random.integer(0...255))
    window.table = random.oneIn(2) ? UnsafePointer(table.bytes) : nil
  }

  func copy(_ kernels: UnsafePointer<martlet_kernels>, output memory: Memory) {
    var (window, source, result) = (window, input.rows(in: inputMemory), output.rows(in: memory))
    martlet_copy_rows(kernels, &window, &source, &result, Int32(rows.lowerBound), Int32(rows.upperBound))
  }

  func reference(_ row: Int, _ column: Int, _ channel: Int) -> UInt8 {
    let y = row * Int(window.step_y) + Int(window.begin_y)
    let x = column * Int(window.step_x) + Int(window.begin_x)
    let c = channel * Int(window.step_c) + Int(window.begin_c)
    guard (0..<input.height).contains(y), (0..<input.width).contains(x), (0..<input.channels).contains(c) else {
      return UInt8(window.fill)
    }
    let value = inputMemory.bytes[input.offset(y, x, c)]
    return window.table == nil ? value : table.bytes[Int(value)]
  }
}

@Suite struct CopyTests {
  @Test func everyFamilyFollowsTheDefinition() {
    var random = Random(seed: 5)
    for _ in 0..<400 {
      let problem = CopyProblem(&random)
      let expected = Memory(copying: problem.outputMemory)
      for row in problem.rows {
        for column in 0..<problem.output.width {
          for channel in 0..<Int(problem.window.count) {
            let at = problem.output.offset(row, column, Int(problem.window.output_channel) + channel)
            expected.bytes[at] = problem.reference(row, column, channel)
          }
        }
      }
      for kernels in fastFamilies + [scalar] {
        let output = Memory(copying: problem.outputMemory)
        problem.copy(kernels, output: output)
        #expect(output.isIntact && output.firstDifference(from: expected) == nil, "\(problem)")
      }
    }
  }

  @Test func looksUpRows() {
    var random = Random(seed: 6)
    for _ in 0..<200 {
      var input = Layout(random.integer(1...4), random.integer(1...9), random.integer(1...150))
      var output = input
      input.loosen(&random, leastRows: 4)
      output.loosen(&random, leastRows: 4)
      let source = Memory(count: input.byteCount, random: &random)
      let table = Memory(count: 256, random: &random)
      let untouched = Memory(count: output.byteCount, random: &random)
      let expected = Memory(copying: untouched)
      for row in 0..<input.height {
        for column in 0..<input.width {
          for channel in 0..<input.channels {
            let value = source.bytes[input.offset(row, column, channel)]
            expected.bytes[output.offset(row, column, channel)] = table.bytes[Int(value)]
          }
        }
      }
      for kernels in fastFamilies + [scalar] {
        let memory = Memory(copying: untouched)
        var (from, to) = (input.rows(in: source), output.rows(in: memory))
        martlet_look_up_rows(kernels, table.bytes, &from, &to, 0, Int32(input.height))
        #expect(memory.isIntact && memory.firstDifference(from: expected) == nil)
      }
    }
  }
}

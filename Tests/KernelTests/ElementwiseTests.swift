import CShim
import Testing

/// Two operands, one of them perhaps broadcast, and a result.
struct PairProblem {
  var a: Layout
  var b: Layout
  var output: Layout
  var rows: Range<Int>
  let memoryA: Memory
  let memoryB: Memory
  let outputMemory: Memory
  var addition = martlet_addition()
  var multiplication = martlet_multiplication()

  init(_ random: inout Random) {
    output = Layout(random.integer(1...6), random.integer(1...12), random.integer(1...random.choice([8, 70, 300])))
    (a, b) = (output, output)
    if random.oneIn(3) { b = Layout(1, 1, output.channels) }
    if random.oneIn(5) { b = Layout(output.height, output.width, 1) }
    if random.oneIn(9) { b = Layout(1, 1, 1) }
    if random.oneIn(4) { swap(&a, &b) }
    let first = random.oneIn(2) ? 0 : random.integer(0...output.height - 1)
    rows = first..<(random.oneIn(2) ? output.height : random.integer(first + 1...output.height))
    a.loosen(&random, leastRows: 1)
    b.loosen(&random, leastRows: 1)
    output.loosen(&random, leastRows: rows.count)
    memoryA = Memory(count: a.byteCount, random: &random)
    memoryB = Memory(count: b.byteCount, random: &random)
    outputMemory = Memory(count: output.byteCount, random: &random)
    addition.zero_point_a = Int32(random.integer(0...255))
    addition.zero_point_b = Int32(random.integer(0...255))
    addition.factor_a = random.oneIn(4) ? 0.5 : random.real(0.01...3)
    addition.factor_b = random.oneIn(4) ? 0.5 : random.real(0.01...3)
    addition.output = randomOutput(&random)
    multiplication.zero_point_a = Int32(random.integer(0...255))
    multiplication.zero_point_b = Int32(random.integer(0...255))
    multiplication.factor = random.oneIn(4) ? 0.5 : random.real(0.0001...0.1)
    multiplication.output = addition.output
  }

  func add(_ kernels: UnsafePointer<martlet_kernels>, output memory: Memory) {
    var (rule, left, right) = (addition, a.rows(in: memoryA), b.rows(in: memoryB))
    var result = output.rows(in: memory)
    martlet_add_rows(
      kernels, &rule, &left, &right, &result, Int32(rows.lowerBound), Int32(rows.upperBound))
  }

  func multiply(_ kernels: UnsafePointer<martlet_kernels>, output memory: Memory) {
    var (rule, left, right) = (multiplication, a.rows(in: memoryA), b.rows(in: memoryB))
    var result = output.rows(in: memory)
    martlet_multiply_rows(
      kernels, &rule, &left, &right, &result, Int32(rows.lowerBound), Int32(rows.upperBound))
  }

  func operand(_ layout: Layout, _ memory: Memory, _ row: Int, _ column: Int, _ channel: Int) -> Int {
    let place = layout.offset(
      layout.height == 1 ? 0 : row, layout.width == 1 ? 0 : column, layout.channels == 1 ? 0 : channel)
    return Int(memory.bytes[place])
  }

  func references(_ row: Int, _ column: Int, _ channel: Int) -> (sum: UInt8, product: UInt8) {
    let left = operand(a, memoryA, row, column, channel)
    let right = operand(b, memoryB, row, column, channel)
    let first = Float(left - Int(addition.zero_point_a)) * addition.factor_a
    let second = Float(right - Int(addition.zero_point_b)) * addition.factor_b
    let product = (left - Int(multiplication.zero_point_a)) * (right - Int(multiplication.zero_point_b))
    return (
      store(first + second, addition.output),
      store(Float(product) * multiplication.factor, multiplication.output)
    )
  }

  var description: String { "a \(a) b \(b) output \(output) rows \(rows) \(addition) \(multiplication)" }
}

@Suite struct ElementwiseTests {
  @Test func scalarFollowsTheDefinition() {
    var random = Random(seed: 4)
    for _ in 0..<100 {
      let problem = PairProblem(&random)
      let (sum, product) = (Memory(copying: problem.outputMemory), Memory(copying: problem.outputMemory))
      let expectedSum = Memory(copying: problem.outputMemory)
      let expectedProduct = Memory(copying: problem.outputMemory)
      problem.add(scalar, output: sum)
      problem.multiply(scalar, output: product)
      for row in problem.rows {
        for column in 0..<problem.output.width {
          for channel in 0..<problem.output.channels {
            let at = problem.output.offset(row, column, channel)
            (expectedSum.bytes[at], expectedProduct.bytes[at]) = problem.references(row, column, channel)
          }
        }
      }
      #expect(sum.firstDifference(from: expectedSum) == nil, "\(problem.description)")
      #expect(product.firstDifference(from: expectedProduct) == nil, "\(problem.description)")
    }
  }

  @Test func familiesAgree() {
    var random = Random(seed: 400)
    for _ in 0..<1000 {
      let problem = PairProblem(&random)
      compareFamilies("add \(problem.description)", output: problem.outputMemory, scratchBytes: 0) {
        kernels, output, _ in problem.add(kernels, output: output)
      }
      compareFamilies("multiply \(problem.description)", output: problem.outputMemory, scratchBytes: 0) {
        kernels, output, _ in problem.multiply(kernels, output: output)
      }
    }
  }

  @Test func worksInPlace() {
    var random = Random(seed: 401)
    for kernels in fastFamilies + [scalar] {
      for count in 1...200 {
        let (a, b, table) = (
          Memory(count: count, random: &random), Memory(count: count, random: &random),
          Memory(count: 256, random: &random)
        )
        let (separate, same) = (Memory(count: count), Memory(copying: a))
        var rule = martlet_addition(
          zero_point_a: 3, zero_point_b: 200, factor_a: 0.7, factor_b: 0.6, output: randomOutput(&random))
        kernels.pointee.add(separate.bytes, a.bytes, b.bytes, &rule, Int32(count))
        kernels.pointee.add(same.bytes, same.bytes, b.bytes, &rule, Int32(count))
        #expect(same.isIntact && same.firstDifference(from: separate) == nil)
        let looked = Memory(copying: a)
        kernels.pointee.look_up(looked.bytes, looked.bytes, table.bytes, Int32(count))
        #expect(looked.isIntact && (0..<count).allSatisfy { looked.bytes[$0] == table.bytes[Int(a.bytes[$0])] })
      }
    }
  }
}

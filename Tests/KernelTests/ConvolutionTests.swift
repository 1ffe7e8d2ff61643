import CShim
import Testing

@Suite struct ConvolutionTests {
  @Test func scalarFollowsTheDefinition() {
    var random = Random(seed: 1)
    for _ in 0..<300 {
      let problem = ConvolutionProblem(&random, multiplyAccumulates: 20_000)
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

  @Test(arguments: 0..<8) func familiesAgree(batch: Int) {
    var random = Random(seed: 100 + UInt64(batch))
    for _ in 0..<800 {
      let problem = ConvolutionProblem(&random, multiplyAccumulates: 300_000)
      compareFamilies(
        problem.description, output: problem.outputMemory, scratchBytes: problem.scratchBytes
      ) { kernels, output, scratch in problem.run(kernels, output: output, scratch: scratch) }
    }
  }
}

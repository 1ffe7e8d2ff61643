import Graph
import Testing

@testable import Compiler

struct ErrorFeedbackTests {
  private struct Problem {
    let order: Int
    var covariance: [Float]
    var weights: [Float]
    let scale: Float

    /// The second moments of `rank` random columns.
    init(order: Int, rank: Int, seed: UInt64) {
      var network = TestNetwork(seed)
      let columns = network.tensor([rank, order]).values
      var covariance = [Float](repeating: 0, count: order * order)
      for row in 0..<order {
        for column in 0..<order {
          for sample in 0..<rank {
            covariance[row * order + column] += columns[sample * order + row] * columns[sample * order + column]
          }
        }
      }
      self.order = order
      self.covariance = covariance
      weights = network.tensor([order]).values
      scale = weights.reduce(0) { max($0, abs($1)) } / 127
    }

    func cost(_ values: [Int8]) -> Double {
      let errors = zip(values, weights).map { Double($0) * Double(scale) - Double($1) }
      var sum = 0.0
      for row in 0..<order {
        for column in 0..<order { sum += errors[row] * errors[column] * Double(covariance[row * order + column]) }
      }
      return sum
    }

    var nearest: [Int8] { weights.map { Int8(($0 / scale).rounded(.toNearestOrEven)) } }
  }

  @Test func errorsOfProductsShrink() {
    var shares: [Double] = []
    for seed in 0..<40 {
      let problem = Problem(order: 4 + seed, rank: 6 + seed / 2, seed: UInt64(seed))
      let feedback = ErrorFeedback(covariance: problem.covariance, order: problem.order, damping: 0.01)
      let values = feedback.round(problem.weights, scale: problem.scale)
      shares.append(problem.cost(values) / problem.cost(problem.nearest))
    }
    let mean = shares.reduce(0, +) / Double(shares.count)
    #expect(mean < 0.6, "error feedback leaves \(mean) of the error of rounding to nearest")
  }

  @Test func theRoundingIsNeverWorseThanNearest() {
    for seed in 0..<200 {
      let problem = Problem(order: 2 + seed % 7, rank: 9, seed: UInt64(seed))
      let feedback = ErrorFeedback(covariance: problem.covariance, order: problem.order, damping: 0.01)
      let values = feedback.round(problem.weights, scale: problem.scale)
      // The added damping is part of what is compared.
      var damped = problem
      let variances = (0..<problem.order).map { problem.covariance[$0 * (problem.order + 1)] }
      let added = 0.01 * variances.reduce(0, +) / Float(problem.order)
      for place in 0..<problem.order { damped.covariance[place * (problem.order + 1)] += added }
      #expect(damped.cost(values) <= damped.cost(problem.nearest) * 1.001 + 1e-9)
    }
  }

  @Test func withoutCovarianceItIsRoundingToNearest() {
    var problem = Problem(order: 33, rank: 5, seed: 7)
    for (name, diagonal) in [("identity", Float(1)), ("zero", 0), ("infinite", .infinity), ("undefined", .nan)] {
      problem.covariance = (0..<33 * 33).map { $0 % 34 == 0 ? diagonal : 0 }
      let feedback = ErrorFeedback(covariance: problem.covariance, order: 33, damping: 0.01)
      #expect(feedback.round(problem.weights, scale: problem.scale) == problem.nearest, "\(name)")
    }
  }

  @Test func degenerateProblemsGiveValuesInRange() {
    var problem = Problem(order: 24, rank: 1, seed: 3)
    let rankOne = ErrorFeedback(covariance: problem.covariance, order: 24, damping: 0.01)
    for scale in [problem.scale, problem.scale / 1000, .leastNormalMagnitude, .greatestFiniteMagnitude] {
      #expect(rankOne.round(problem.weights, scale: scale).allSatisfy { $0 >= -127 })
    }
    problem.weights[3] = .nan
    problem.weights[4] = .infinity
    let values = rankOne.round(problem.weights, scale: problem.scale)
    #expect(values.allSatisfy { $0 >= -127 })
    problem.covariance = problem.covariance.map { _ in .nan }
    let undefined = ErrorFeedback(covariance: problem.covariance, order: 24, damping: 0.01)
    #expect(undefined.round(problem.weights, scale: problem.scale).allSatisfy { $0 >= -127 })
    let negative = ErrorFeedback(covariance: [1, 5, 5, 1], order: 2, damping: 0.01)
    #expect(negative.round([0.3, -0.7], scale: 0.01).allSatisfy { $0 >= -127 })
  }
}

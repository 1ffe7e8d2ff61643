import Foundation
import Testing

@testable import Graph

private func lowered(
  _ operation: any Operator, _ inputs: [([Int], Quantization)], _ output: ([Int], Quantization),
  clamp: ClosedRange<Float>? = nil
) throws -> Lowered {
  func operand(_ tensor: ([Int], Quantization)) -> LoweringContext.Operand {
    LoweringContext.Operand(shape: tensor.0, quantization: tensor.1)
  }
  return try operation.lower(
    LoweringContext(name: "layer", inputs: inputs.map(operand), output: operand(output), clamp: clamp))
}

private func step(_ lowered: Lowered) throws -> LoweredOperator {
  guard case .step(let step) = lowered else { throw GraphError("an alias") }
  return step
}

private let plain = Quantization(scale: 0.1, zeroPoint: 10)

@Suite struct TableLoweringTests {
  @Test func activationTableIsTheFunctionOfEachByte() throws {
    let output = Quantization(scale: 0.05, zeroPoint: -20)
    let record = try step(lowered(Activation(.hardSwish), [([1, 4], plain)], ([1, 4], output), clamp: -0.1...2))
    #expect(record.code == 8 && record.table.count == 256)
    for stored in 0..<256 {
      let real = 0.1 * Double(stored - 128 - 10)
      let value = min(2, max(-0.1, real * max(0, min(6, real + 3)) / 6))
      let exact = value / 0.05 - 20 + 128
      #expect(abs(Double(record.table[stored]) - min(255, max(0, exact))) < 0.5001)
    }
  }

  @Test func softmaxTableIsFixedPoint() throws {
    let record = try step(
      lowered(Softmax(), [([1, 9], plain)], ([1, 9], Quantization(scale: 1 / 256, zeroPoint: -128))))
    #expect(record.code == 9 && record.table.count == 1024)
    for distance in [0, 1, 100, 255] {
      let bytes = record.table[distance * 4..<distance * 4 + 4]
      let fixed = bytes.reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
      #expect(abs(Double(fixed) - exp(-Double(distance) * Double(Float(0.1))) * 0x1p31) <= 1)
    }
    #expect(throws: GraphError.self) { try lowered(Softmax(), [([1, 9], plain)], ([1, 9], plain)) }
  }

  @Test func concatRequantizesOnlyWhereNeeded() throws {
    let other = Quantization(scale: 0.2, zeroPoint: 10)
    let shape = [1, 2, 2, 3]
    let same = try step(lowered(Concat(axis: 3), [(shape, plain), (shape, plain)], ([1, 2, 2, 6], plain)))
    #expect(same.code == 10 && same.parameters == [2] && same.table.isEmpty && same.operands == [0, 1])
    let mixed = try step(lowered(Concat(axis: 1), [(shape, plain), (shape, other)], ([1, 4, 2, 3], plain)))
    #expect(mixed.parameters == [0] && mixed.table.count == 512)
    #expect(Array(mixed.table[..<256]) == (0..<256).map { UInt8($0) })
    #expect(mixed.table[256 + 138 + 5] == 138 + 10 && mixed.table[511] == 255)
    #expect(throws: GraphError.self) {
      try lowered(Concat(axis: 0), [(shape, plain), (shape, plain)], ([2, 2, 2, 3], plain))
    }
  }

  @Test func slicesAndPadsLoseTheBatch() throws {
    let slice = Slice(begin: [0, 1, 2, 3], size: [1, 2, 2, 2], step: [1, 2, 1, 3])
    let sliced = try step(lowered(slice, [([1, 8, 8, 8], plain)], ([1, 2, 2, 2], plain)))
    #expect(sliced.code == 11 && sliced.parameters == [1, 2, 3, 2, 1, 3])
    let pad = Pad(before: [0, 2, 1], after: [0, 0, 4], value: 1)
    let padded = try step(lowered(pad, [([1, 5, 3], plain)], ([1, 7, 8], plain)))
    #expect(padded.code == 12 && padded.parameters == [0, 2, 1, 20])
    #expect(throws: GraphError.self) {
      try lowered(Pad(before: [1, 0], after: [0, 0]), [([1, 5], plain)], ([2, 5], plain))
    }
    #expect(throws: GraphError.self) {
      try lowered(Slice(begin: [0, 4], size: [1, 3], step: [1, -1]), [([1, 5], plain)], ([1, 3], plain))
    }
  }

  @Test(arguments: [
    ([1, 3, 4, 5], [0, 3, 1, 2], [2, 0, 1]), ([1, 3, 4, 5], [0, 2, 1, 3], [1, 0, 2]),
    ([1, 3, 4, 5], [0, 3, 2, 1], [2, 1, 0]), ([1, 4, 5], [0, 2, 1], [0, 2, 1]),
    ([1, 6, 7, 2, 5], [0, 1, 2, 4, 3], [0, 2, 1]),
  ]) func transposesBecomePermutationsOfRows(shape: [Int], permutation: [Int], expected: [Int32]) throws {
    let output = permutation.map { shape[$0] }
    let record = try step(lowered(Transpose(permutation: permutation), [(shape, plain)], (output, plain)))
    #expect(record.code == 13 && record.parameters == expected)
  }

  @Test func whatMovesNoByteIsAnAlias() throws {
    for (shape, permutation) in [([1, 1, 1, 9], [0, 3, 1, 2]), ([1, 4, 1, 5], [0, 2, 1, 3])] {
      let output = permutation.map { shape[$0] }
      guard case .alias = try lowered(Transpose(permutation: permutation), [(shape, plain)], (output, plain)) else {
        Issue.record("\(shape) by \(permutation) is not an alias")
        continue
      }
    }
    guard case .alias = try lowered(Reshape(shape: [1, 20]), [([1, 4, 5], plain)], ([1, 20], plain)) else {
      Issue.record("a reshape is not an alias")
      return
    }
    #expect(throws: GraphError.self) {
      try lowered(Transpose(permutation: [0, 3, 1, 2, 4]), [([1, 2, 3, 4, 5], plain)], ([1, 4, 2, 3, 5], plain))
    }
    #expect(throws: GraphError.self) {
      try lowered(Reshape(shape: [2, 10]), [([1, 4, 5], plain)], ([2, 10], plain))
    }
  }
}

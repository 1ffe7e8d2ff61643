import CAllocationCounter
import CShim
import Compiler
import Graph
import Testing

import typealias Martlet.Every
import struct Martlet.Verified
import enum Martlet.Verifier

/// Compiles a problem and expects, of every kernel family: the bytes of the scalar one, twice, whatever lay in the arena
/// before; no byte outside the arena touched; nothing allocated; and the float definition of the quantized inputs within
/// the problem's tolerance.
/// - Parameters:
///   - activations: which layers compute with int16 tensors.
///   - weights: which layers have weights of four bits.
func check(
  _ source: Problem, activations: ActivationWidths = .int8, weights: WeightWidths = .int8,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  var problem = source
  let examples = (0..<4).map { _ in problem.inputs() }
  var options = CompileOptions()
  options.calibrationMethod = .minMax
  options.correctsBiases = false
  options.checkedExamples = 0
  options.activations = activations
  options.weights = weights
  let model = try compile(
    problem.graph, calibration: CalibrationData(count: 4) { examples[$0] }, options: options,
    workers: Workers(count: 1))
  try keepModel(model.bytes, name: problem.graph.name, sourceLocation: sourceLocation)
  let bytes = AlignedBytes(copying: model.bytes)
  let verified = try verify(bytes)

  let inputRules = (0..<verified.inputCount).map { quantization(verified, tensor: verified.inputTensor($0)) }
  let quantized = zip(problem.inputs(), inputRules).map { tensor, rule in tensor.values.map(rule.quantized) }
  let reals = zip(quantized, zip(problem.graph.inputs, inputRules)).map { values, input in
    Tensor(shape: problem.graph[input.0].shape, values: values.map(input.1.real(ofValue:)))
  }
  let expected = try problem.graph.evaluate(inputs: reals, workers: Workers(count: 1))

  let kernels = availableKernels()
  let scalar = try PackedRun(verified, quantized, kernels: kernels[0], stale: 0x5A)
  for family in kernels {
    let name = String(cString: martlet_family_name(family.pointee.family))
    for stale in [UInt8(0), 0xFF] {
      let run = try PackedRun(verified, quantized, kernels: family, stale: stale)
      #expect(run.outputs == scalar.outputs, "\(name) differs from scalar", sourceLocation: sourceLocation)
      #expect(run.guardsAreIntact, "\(name) writes outside the arena", sourceLocation: sourceLocation)
      if allocation_counter_is_active() == 1 {
        #expect(run.allocations == 0, "\(name) allocates", sourceLocation: sourceLocation)
      }
    }
  }
  for (position, tensor) in expected.enumerated() {
    let rule = quantization(verified, tensor: verified.outputTensor(position))
    expectNear(
      scalar.outputs[position], tensor, rule, tolerance: problem.toleranceInSteps, sourceLocation: sourceLocation)
  }
}

private func verify(_ bytes: AlignedBytes) throws -> Verified<Every> {
  try Verifier<Every>.verify(UnsafeRawBufferPointer(bytes.buffer))
}

private func quantization(_ model: borrowing Verified<Every>, tensor: Int) -> Quantization {
  let record = model.tensor(tensor)
  let element = Quantization.Element(rawValue: record.elementType) ?? .int8
  return Quantization(scale: record.scale, zeroPoint: record.zeroPoint, element: element)
}

/// Values beyond what the output can represent must be at its end.
private func expectNear(
  _ found: [Int32], _ expected: Tensor, _ rule: Quantization, tolerance: Float, sourceLocation: SourceLocation
) {
  #expect(found.count == expected.count, sourceLocation: sourceLocation)
  var worst: (error: Float, index: Int) = (0, 0)
  for (index, pair) in zip(found, expected.values).enumerated() {
    let values = rule.element.values
    let scaled = Double(pair.1) / Double(rule.scale) + Double(rule.zeroPoint)
    let exact = max(Double(values.lowerBound), min(Double(values.upperBound), scaled))
    let error = Float(abs(Double(pair.0) - exact))
    if error > worst.error { worst = (error, index) }
  }
  #expect(
    worst.error <= tolerance,
    "output \(worst.index) is \(found.isEmpty ? 0 : found[worst.index]), \(worst.error) steps off",
    sourceLocation: sourceLocation)
}

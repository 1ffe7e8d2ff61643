import CShim
import Martlet
import Testing

/// Operators of int16 tensors on the largest values that they can meet: 64-bit sums hold them, and so do the 32-bit ones
/// in which families add up some products first.
struct Int16ExtremesTests {
  /// The first output of every family, when every value of every input is `value`.
  private func outputs(_ writer: ModelWriter, value: Int16) throws -> [(family: String, values: [Int32])] {
    let memory = GuardedMemory(copying: writer.bytes())
    let model = try Verifier<Every>.verify(memory.model)
    var results: [(String, [Int32])] = []
    for family in 0..<32 {
      guard let kernels = martlet_kernels_for(martlet_family(rawValue: UInt32(family))) else { continue }
      let arena = GuardedMemory(count: model.arenaBytes)
      var session = try Session(model, arena: arena.bytes, kernels: kernels)
      for position in 0..<session.inputCount {
        let values = [Int16](repeating: value, count: session.input(position).count)
        try session.setInput(position, values.span)
      }
      session.run()
      var found = [Int32](repeating: 0, count: session.output().count)
      var span = found.mutableSpan
      try session.copyOutput(into: &span)
      results.append((String(cString: martlet_family_name(martlet_family(rawValue: UInt32(family)))), found))
    }
    return results
  }

  /// A layer of one block with all weights −128 and the largest bias of either sign that the Verifier lets through.
  private func layer(
    _ code: UInt32, input: [Int], output: [Int], _ parameters: [Int32], weightBytes: Int, taps: Int, factor: Float,
    isPositive: Bool
  ) -> ModelWriter {
    var writer = ModelWriter()
    let from = writer.tensor(input[0], input[1], input[2], element: .int16)
    let to = writer.tensor(output[0], output[1], output[2], element: .int16)
    let room = (Int64(1) << 38) - Int64(taps) << 22
    let bias = UInt64(bitPattern: isPositive ? room : -room)
    var block = martlet_channel_block()
    withUnsafeMutableBytes(of: &block) { bytes in
      for lane in 0..<16 {
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: bias), toByteOffset: 4 * lane, as: UInt32.self)
        bytes.storeBytes(of: factor, toByteOffset: 64 + 4 * lane, as: Float.self)
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: bias >> 32), toByteOffset: 128 + 4 * lane, as: UInt32.self)
      }
    }
    let weights = [Int8](repeating: -128, count: weightBytes)
    writer.add(code, [from], to, parameters, weights: weights, channels: [block])
    (writer.inputs, writer.outputs) = ([UInt32(from)], [UInt32(to)])
    return writer
  }

  /// Up to 2¹⁶ products of −2¹⁵ · −128 and a bias that fills 2³⁸; 255 quads and one more are where families move their
  /// 32-bit sums.
  @Test(arguments: [4, 1016, 1020, 1024, 1028, 20_000, 65_536]) func weightedLayers(taps: Int) throws {
    let products = Int64(taps) << 22
    for isPositive in [true, false] {
      let room = (Int64(1) << 38) - products
      for value in [Int16.min, .max] {
        let sum = Int64(value) * -128 * Int64(taps) + (isPositive ? room : -room)
        let expected = Int32((sum + 1 << 23) >> 24)
        let clamp: [Int32] = [-32768, 32767]
        let connected = layer(
          42, input: [1, 1, taps], output: [1, 1, 16], clamp, weightBytes: taps * 16, taps: taps, factor: 0x1p-24,
          isPositive: isPositive)
        for (family, found) in try outputs(connected, value: value) {
          #expect(found.allSatisfy { $0 == max(-32768, min(32767, expected)) }, "\(family): \(found[0]), \(expected)")
        }
        guard taps <= 1028 else { continue }
        let convolved = layer(
          40, input: [1, 5, taps], output: [1, 5, 16], [1, 1, 1, 1, 1, 1, 0, 0, 1, 1] + clamp, weightBytes: taps * 16,
          taps: taps, factor: 0x1p-24, isPositive: isPositive)
        for (family, found) in try outputs(convolved, value: value) {
          #expect(found.allSatisfy { $0 == max(-32768, min(32767, expected)) }, "\(family): \(found[0]), \(expected)")
        }
      }
    }
  }

  @Test func depthwiseLayers() throws {
    let room = (Int64(1) << 38) - Int64(49) << 22
    let quads = Int(martlet_depthwise_quads(7, 7))
    var writer = layer(
      41, input: [7, 7, 16], output: [1, 1, 16], [7, 7, 1, 1, 1, 1, 0, 0, -32768, 32767], weightBytes: quads * 64,
      taps: 49, factor: 0x1p-24, isPositive: true)
    for place in writer.weights.indices
    where martlet_depthwise_tap(7, 7, Int32(place / 64), Int32(place % 4)) < 0 { writer.weights[place] = 0 }
    let expected = Int32((room + Int64(49) << 22 + 1 << 23) >> 24)
    for (family, found) in try outputs(writer, value: .min) {
      #expect(found.allSatisfy { $0 == expected }, "\(family): \(found[0]), \(expected)")
    }
  }

  /// Sums, products, means and requantizations with the largest multipliers.
  @Test func elementwiseAndPooling() throws {
    func run(
      _ code: UInt32, inputs: Int, shape: [Int], output: [Int], _ parameters: [Int32], value: Int16
    ) throws -> Int32 {
      var writer = ModelWriter()
      let from = (0..<inputs).map { _ in writer.tensor(shape[0], shape[1], shape[2], element: .int16) }
      let to = writer.tensor(output[0], output[1], output[2], element: .int16)
      writer.add(code, from, to, parameters)
      (writer.inputs, writer.outputs) = (from.map { UInt32($0) }, [UInt32(to)])
      let results = try outputs(writer, value: value)
      #expect(results.allSatisfy { $0.values == results[0].values })
      return results[0].values[0]
    }
    let pixel = [1, 1, 1]
    let most = Int64(Int32.max)
    for value in [Int16.min, .max] {
      let wide = Int64(value)
      #expect(
        try run(43, inputs: 2, shape: pixel, output: pixel, [-32768, 32767, .max, .max, 46], value: value)
          == Int32((2 * wide * most + 1 << 45) >> 46))
      #expect(
        try run(44, inputs: 2, shape: pixel, output: pixel, [-32768, 32767, .max, 47], value: value)
          == Int32((wide * wide * most + 1 << 46) >> 47))
      #expect(
        try run(49, inputs: 1, shape: pixel, output: pixel, [.max, 31], value: value)
          == Int32(max(-32768, min(32767, (wide * most + 1 << 30) >> 31))))
      #expect(
        try run(
          46, inputs: 1, shape: [600, 600, 1], output: pixel, [600, 600, 1, 1, 1, 1, 0, 0, 0, 0, 0, -32768, 32767],
          value: value) == Int32(value))
    }
  }
}

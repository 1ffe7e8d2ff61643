import CShim
import Testing

/// Layers of one position: fully connected layers and dot products.
@Suite struct FullyConnectedTests {
  /// A layer with random constants. Rows of weights are packed as blocks of sixteen outputs × four inputs.
  private struct Layer {
    let inputs: Int
    let outputs: Int
    let output: martlet_output
    let input: Memory
    let weights: Memory
    let channels: Memory

    init(_ random: inout Random) {
      inputs = random.choice([random.integer(1...40), random.integer(1...700), 128])
      outputs = random.choice([random.integer(1...80), random.integer(1...300), 64 * random.integer(1...4)])
      output = randomOutput(&random)
      let (blocks, quads) = ((outputs + 15) / 16, (inputs + 3) / 4)
      input = Memory(count: inputs, random: &random)
      weights = Memory(count: blocks * quads * 64, slack: 0)
      channels = Memory(count: blocks * 192, slack: 0)
      for output in 0..<outputs {
        let block = output / 16
        let lane = output % 16
        for index in 0..<inputs {
          let place = (block * quads + index / 4) * 64 + lane * 4 + index % 4
          weights.bytes[place] = UInt8(bitPattern: Int8(random.integer(-127...127)))
        }
        let constants = channels.start + block * 192 + lane * 4
        constants.storeBytes(of: Int32(random.integer(-30000...30000)), as: Int32.self)
        constants.storeBytes(of: random.real(0.2...2) / 100, toByteOffset: 64, as: Float.self)
      }
    }

    func run(_ kernels: UnsafePointer<martlet_kernels>, _ memory: Memory) {
      let quads = (inputs + 3) / 4
      var layer = martlet_panel(
        weights: UnsafePointer(weights.start.assumingMemoryBound(to: Int8.self)),
        channels: UnsafePointer(channels.start.assumingMemoryBound(to: martlet_channel_block.self)),
        block_bytes: quads * 64, blocks: Int32((outputs + 15) / 16), channels_stored: Int32(outputs), runs: 1,
        run_quads: Int32(quads), output: output, residual_factor: 0, residual_zero_point: 0,
        next_weights: UnsafePointer(weights.start.assumingMemoryBound(to: Int8.self)), shares_runs: 0, order: nil)
      martlet_fully_connected(kernels, &layer, input.bytes, memory.bytes)
    }

    /// The definition.
    func reference(_ output: Int) -> UInt8 {
      let quads = (inputs + 3) / 4
      let constants = channels.start + output / 16 * 192 + output % 16 * 4
      var sum = Int(constants.load(as: Int32.self))
      for index in 0..<inputs {
        let place = (output / 16 * quads + index / 4) * 64 + output % 16 * 4 + index % 4
        sum += Int(input.bytes[index]) * Int(Int8(bitPattern: weights.bytes[place]))
      }
      return store(Float(sum) * constants.load(fromByteOffset: 64, as: Float.self), self.output)
    }
  }

  @Test func scalarFollowsTheDefinition() {
    var random = Random(seed: 21)
    for _ in 0..<40 {
      let layer = Layer(&random)
      let output = Memory(count: layer.outputs)
      layer.run(scalar, output)
      let wrong = (0..<layer.outputs).first { output.bytes[$0] != layer.reference($0) }
      #expect(wrong == nil, "\(layer.inputs) → \(layer.outputs)")
    }
  }

  @Test func familiesAgree() {
    var random = Random(seed: 22)
    for _ in 0..<300 {
      let layer = Layer(&random)
      compareFamilies(
        "\(layer.inputs) → \(layer.outputs) \(layer.output)", output: Memory(count: layer.outputs), scratchBytes: 0
      ) { kernels, output, _ in layer.run(kernels, output) }
    }
  }

  @Test func dotProductsAreExact() {
    var random = Random(seed: 23)
    for round in 0..<200 {
      let count = round == 0 ? 40_000 : random.choice([random.integer(1...20), random.integer(1...400), 16_384])
      let weights = Memory(count: count, slack: 0)
      let values = Memory(count: count, random: &random)
      let zeroPoint = random.choice([0, 255, random.integer(0...255)])
      let extreme = random.oneIn(4)
      for index in 0..<count {
        weights.bytes[index] = UInt8(bitPattern: extreme ? -128 : Int8(random.integer(-128...127)))
        if extreme { values.bytes[index] = zeroPoint < 128 ? 255 : 0 }
      }
      var sum: Int64 = 0
      for index in 0..<count {
        sum += Int64(Int8(bitPattern: weights.bytes[index])) * Int64(Int(values.bytes[index]) - zeroPoint)
      }
      for kernels in fastFamilies + [scalar] {
        let start = UnsafePointer(weights.start.assumingMemoryBound(to: Int8.self))
        let dot = martlet_dot(kernels, start, values.bytes, Int32(zeroPoint), Int32(count))
        #expect(dot == sum, "\(name(kernels)), \(count) values, zero point \(zeroPoint)")
      }
    }
  }
}

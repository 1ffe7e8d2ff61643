import CAllocationCounter
import CShim
import Martlet
import Testing

/// The runtime's own training: exact memory, no allocation, the same bytes everywhere.
@Suite struct HeadTrainerTests {
  private func shape(_ examples: Int32 = 12) throws(Fault) -> HeadShape {
    try HeadShape(featureCount: 37, classCount: 3, exampleCapacity: examples, scale: 0.03, zeroPoint: -12)
  }

  /// Example `index` of three classes.
  private func features(_ index: Int) -> [Int8] {
    (0..<37).map { place in
      Int8(truncatingIfNeeded: (place * 5 + index % 3 * 40) % 90 - 40 + (index * 7 + place * 11) % 13)
    }
  }

  private func trained(_ memory: GuardedMemory, _ shape: HeadShape, imprints: Bool = false) throws(Fault) -> [UInt8] {
    var trainer = try HeadTrainer(shape, arena: memory.bytes)
    for index in 0..<Int(shape.exampleCapacity) {
      let values = features(index)
      try trainer.append(values.span, ofClass: index % 3)
    }
    if imprints {
      try trainer.imprint()
    } else {
      try trainer.begin()
      trainer.descend(steps: 100)
    }
    let labels = Array("a\nb\nc\n".utf8)
    let patch = GuardedMemory(count: (shape.patchBytes(labelBytes: labels.count) + 63) & ~63)
    let count = try trainer.writePatch(
      BackboneIdentity(), tensor: 5, isPooled: false, labels: labels.span.bytes, into: patch.bytes)
    return Array(patch.bytes[..<count])
  }

  /// The CRC-32 of the patch, found on x86-64; tools/head-firmware finds it on Cortex-M.
  @Test func givesTheSameBytesOnEveryProcessor() throws {
    let shape = try shape()
    for (imprints, expected) in [(false, UInt32(1_817_516_949)), (true, 3_815_297_767)] {
      let bytes = try trained(GuardedMemory(count: shape.arenaBytes), shape, imprints: imprints)
      let crc = bytes.withUnsafeBufferPointer { martlet_crc32(0, $0.baseAddress, $0.count) }
      #expect(crc == expected, "\(crc)")
    }
  }

  /// Guard pages lie around the arena.
  @Test func needsExactlyItsArena() throws {
    let shape = try shape()
    let memory = GuardedMemory(count: shape.arenaBytes)
    memory.poison(0xA5)
    let first = try trained(memory, shape)
    #expect(memory.isUntouchedBefore(0xA5))
    #expect(throws: Fault(.arenaTooSmall, detail: shape.arenaBytes)) {
      try HeadTrainer(
        shape, arena: UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<(shape.arenaBytes - 64)])
      ).exampleCount
    }
    memory.poison(0x00)
    #expect(try trained(memory, shape) == first)
  }

  @Test(.enabled(if: allocation_counter_is_active() == 1, "needs glibc without a sanitizer"))
  func allocatesNothing() throws {
    let shape = try shape()
    let memory = GuardedMemory(count: shape.arenaBytes)
    let patch = GuardedMemory(count: (shape.patchBytes(labelBytes: 0) + 63) & ~63)
    let examples = (0..<12).map(features)
    var scores = [Float](repeating: 0, count: 3)
    let labels: [UInt8] = []
    let round = {
      do throws(Fault) {
        var trainer = try HeadTrainer(shape, arena: memory.bytes)
        for index in 0..<12 {
          let values = examples[index]
          try trainer.append(values.span, ofClass: index % 3)
        }
        let first = examples[0]
        try trainer.begin()
        trainer.descend(steps: 3)
        var span = scores.mutableSpan
        try trainer.score(first.span, into: &span)
        let count = try trainer.writePatch(
          BackboneIdentity(), tensor: 0, isPooled: false, labels: labels.span.bytes, into: patch.bytes)
        _ = try HeadPatch.verify(UnsafeRawBufferPointer(rebasing: patch.bytes[..<count])).layerCount
        try trainer.imprint()
      } catch { Issue.record("\(error)") }
    }
    round()
    let before = allocation_counter_count()
    round()
    #expect(allocation_counter_count() == before)
  }

  /// At the end of descent the gradient of the loss is nearly 0: the scores are those of the regression, not of some steps.
  @Test func descendsToTheMinimum() throws {
    let shape = try shape()
    let memory = GuardedMemory(count: shape.arenaBytes)
    var trainer = try HeadTrainer(shape, arena: memory.bytes)
    for index in 0..<12 {
      let values = features(index)
      try trainer.append(values.span, ofClass: index % 3)
    }
    func loss(_ steps: Int) throws -> Double {
      try trainer.begin(regularization: 0.01)
      trainer.descend(steps: steps)
      var total = 0.0
      for index in 0..<12 {
        var scores = [Float](repeating: 0, count: 3)
        var span = scores.mutableSpan
        let values = features(index)
        try trainer.score(values.span, into: &span)
        let reference = scores.map { Double($0 - scores[index % 3]) }
        total += logarithm(reference.reduce(0) { $0 + exponential($1) }) / 12
      }
      return total
    }
    let losses = try [1, 20, 200, 400].map(loss)
    #expect(losses[0] < 1.0986 && losses[1] < losses[0])
    #expect(abs(losses[3] - losses[2]) < 1e-4 * losses[2], "\(losses)")
  }

  @Test func refusesWhatDoesNotFit() throws {
    #expect(throws: Fault.self) {
      try HeadShape(featureCount: 0, classCount: 2, exampleCapacity: 1, scale: 1, zeroPoint: 0)
    }
    #expect(throws: Fault.self) {
      try HeadShape(featureCount: 9, classCount: 1, exampleCapacity: 1, scale: 1, zeroPoint: 0)
    }
    #expect(throws: Fault.self) {
      try HeadShape(featureCount: 9, classCount: 2, exampleCapacity: 0, scale: 1, zeroPoint: 0)
    }
    #expect(throws: Fault.self) {
      try HeadShape(featureCount: 9, classCount: 2, exampleCapacity: 1, scale: .nan, zeroPoint: 0)
    }
    #expect(throws: Fault.self) {
      try HeadShape(featureCount: 16384, classCount: 4096, exampleCapacity: .max, scale: 1, zeroPoint: 0)
    }
    let shape = try shape(1)
    let memory = GuardedMemory(count: shape.arenaBytes)
    var trainer = try HeadTrainer(shape, arena: memory.bytes)
    let values = features(0)
    #expect(throws: Fault(.inputOutput, index: 3, detail: 37)) { try trainer.append(values.span, ofClass: 3) }
    #expect(throws: Fault(.inputOutput, index: 0, detail: 37)) {
      try trainer.append(values.span.extracting(0..<36), ofClass: 0)
    }
    try trainer.append(values.span, ofClass: 0)
    #expect(throws: Fault(.limit, detail: 1)) { try trainer.append(values.span, ofClass: 1) }
    #expect(throws: Fault(.head)) { try trainer.begin() }
    withExtendedLifetime(memory) {}
  }

  @Test func theExponentialIsExactToTheLastPlaces() {
    for step in 0...8600 {
      let x = -Float(step) / 100
      let (found, exact) = (Double(martlet_exponential(x)), exponential(Double(x)))
      #expect(abs(found - exact) <= exact * 0x1p-22, "\(x)")
    }
    #expect(martlet_exponential(-88) == 0 && martlet_exponential(-.infinity) == 0 && martlet_exponential(.nan) == 0)
  }

  /// By definition, for numbers where the series converges quickly.
  private func exponential(_ x: Double) -> Double {
    var (sum, term) = (1.0, 1.0)
    let part = x / 1024
    for index in 1..<20 {
      term *= part / Double(index)
      sum += term
    }
    for _ in 0..<10 { sum *= sum }
    return sum
  }

  private func logarithm(_ x: Double) -> Double {
    var guess = x - 1
    for _ in 0..<60 { guess -= 1 - x / exponential(guess) }
    return guess
  }
}

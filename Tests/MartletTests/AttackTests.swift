import Martlet
import ModelAttack
import Testing

/// The attack that `tools/attack` carries out, on small models.
@Suite struct AttackTests {
  /// One operator, and two hundred bytes behind its records.
  private static let file: [UInt8] = {
    var writer = ModelWriter()
    let (input, output) = (writer.tensor(2, 2, 2), writer.tensor(2, 1, 2))
    writer.add(11, [input], output, [0, 1, 0, 1, 1, 1])
    (writer.inputs, writer.outputs) = ([UInt32(input)], [UInt32(output)])
    writer.provenance = String(repeating: "key: value\n", count: 18)
    return writer.bytes()
  }()

  @Test func eachLengthIsRefused() {
    let count = Attack(on: Self.file).truncations()
    #expect(count.places == Self.file.count && count.variants == Self.file.count)
    #expect(count.refused == count.variants)
  }

  @Test func fieldsAreRefusedOrRun() {
    let count = Attack(on: Self.file).fields()
    #expect(count.refused > 10 * count.places && count.ran > count.places)
  }

  @Test func fewerPlacesLeaveNoRecordOut() {
    let count = Attack(on: Self.file, mostPlaces: 10).bytes()
    let records = Header.byteCount + 2 * 64 + 192 + 3 * 4
    #expect(count.places >= records + 10 && count.places < records + 30)
    #expect(count.variants >= 4 * count.places && count.variants <= 7 * count.places)
    #expect(count.ran > 0 && count.refused > 0)
  }

  @Test func boundsOfATrial() {
    func outcome(_ trial: Trial) -> Trial.Outcome { Self.file.withUnsafeBytes { trial.run($0) } }
    #expect(outcome(Trial()) == .ran)
    #expect(outcome(Trial(arenaBytes: 0)) == .notRun)
    #expect(outcome(Trial(work: 1)) == .notRun)
    var damaged = Self.file
    damaged[8] = 2
    #expect(damaged.withUnsafeBytes { Trial().run($0) } == .refused)
  }

  @Test func sealingMakesChecksumsRight() {
    var changed = Self.file
    changed[changed.count - 1] ^= 1
    changed[40] ^= 1
    #expect(fault(verifying: changed)?.code == .checksum)
    let right = sealed(changed)
    #expect(fault(verifying: right)?.code != .checksum && sealed(right) == right)
    #expect(sealed([1, 2, 3]) == [1, 2, 3])
  }
}

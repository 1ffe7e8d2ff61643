import Architectures
import Compiler
import Foundation
import Graph
import Testing

@testable import Tool

/// Deployments that are interrupted.
@Suite struct SlotStoreTests {
  /// Three different small models.
  private static let models: [[UInt8]] = (1...3).map { channels in
    var graph = Graph(name: "slot")
    let input = graph.addInput("x", shape: [1, 4, 4, 2])
    let slice = Slice(begin: [0, 0, 0, 0], size: [1, channels, 4, 2], step: [1, 1, 1, 1])
    graph.outputs = try! graph.append(slice, [input], name: "part")
    return try! compile(graph, calibration: CalibrationData([Tensor(shape: [1, 4, 4, 2], repeating: 0.5)])).bytes
  }

  private func model(_ store: SlotStore<SimulatedDisk>) throws -> [UInt8]? {
    guard let current = try store.current() else { return nil }
    return try store.files.read(current.slot.fileName)
  }

  @Test func deployAndRollBack() throws {
    let store = SlotStore(files: SimulatedDisk())
    #expect(try store.current() == nil)
    #expect(throws: ToolError.self) { _ = try store.rollBack() }
    for (index, bytes) in Self.models.enumerated() {
      #expect(try store.deploy(bytes).generation == index + 1)
      #expect(try model(store) == bytes)
    }
    _ = try store.rollBack()
    #expect(try model(store) == Self.models[1])
    _ = try store.rollBack()
    #expect(try model(store) == Self.models[2])
  }

  /// The power is cut before each operation of the third deployment, many times with other losses: the second model or the
  /// third is current, whole, and the next deployment works.
  @Test func aPowerCutLeavesOneWholeModel() throws {
    var random = SplitMix64(seed: 9)
    var (old, new) = (0, 0)
    for cut in 1...9 {
      for _ in 0..<60 {
        let disk = SimulatedDisk()
        let store = SlotStore(files: disk)
        _ = try store.deploy(Self.models[0])
        _ = try store.deploy(Self.models[1])
        disk.cutBefore = disk.operations + cut
        let finished = (try? store.deploy(Self.models[2])) != nil
        #expect(finished == (cut > 8))
        let later = SlotStore(files: disk.restarted(&random))
        let found = try model(later)
        #expect(found == Self.models[1] || found == Self.models[2], "cut before operation \(cut)")
        if finished { #expect(found == Self.models[2]) }
        if found == Self.models[1] { old += 1 } else { new += 1 }
        _ = try later.deploy(Self.models[0])
        #expect(try model(later) == Self.models[0])
      }
    }
    #expect(old > 100 && new > 60)
  }

  /// The first deployment of all, interrupted: nothing or the whole model.
  @Test func aPowerCutOfTheFirstDeployment() throws {
    var random = SplitMix64(seed: 10)
    for cut in 1...8 {
      for _ in 0..<40 {
        let disk = SimulatedDisk()
        disk.cutBefore = cut
        _ = try? SlotStore(files: disk).deploy(Self.models[0])
        let found = try model(SlotStore(files: disk.restarted(&random)))
        #expect(found == nil || found == Self.models[0])
      }
    }
  }

  /// A slot that decays later is noticed, and the other one serves.
  @Test func aDamagedSlotFallsBack() throws {
    let disk = SimulatedDisk()
    let store = SlotStore(files: disk)
    for bytes in Self.models { _ = try store.deploy(bytes) }
    let slot = try #require(try store.current()).slot
    var damaged = Self.models[2]
    damaged[300] ^= 1
    try disk.write(damaged, to: slot.fileName)
    let current = try #require(try store.current())
    #expect(current.isFallback && current.slot == slot.other)
    try disk.write([1, 2, 3], to: slot.other.fileName)
    #expect(throws: ToolError.self) { _ = try store.current() }
    // What the sentence tells to do helps.
    #expect(throws: ToolError.self) { _ = try store.rollBack() }
    #expect(try store.deploy(Self.models[0]).generation == 4)
    #expect(try model(store) == Self.models[0])
  }
}

import Archives
import Foundation
import Graph
import Martlet
import Testing

@testable import Compiler

/// What the tool says and draws about memory.
@Suite(.serialized) struct MemoryToolTests {
  private func write(_ name: String, _ goal: ArenaGoal, pushesInput: Bool = false, as file: String) throws -> String {
    let planner = try MemoryPlanner(try NamedNetworks.graph(name))
    return try TemporaryFolder.shared.write(try planner.packed(goal, pushesInput: pushesInput), as: file)
  }

  @Test func theChartShowsEveryBufferAndThePeak() throws {
    let path = try write("ResNet8-CIFAR", .smallest, as: "chart.martlet")
    let page = TemporaryFolder.shared.file("chart.html").path
    let run = try ToolProcess("inspect", path, "--memory", page)
    try #require(run.status == 0, "\(run.errors)")
    let text = try String(contentsOfFile: page, encoding: .utf8)
    let first = try #require(text.range(of: "<svg"))
    let last = try #require(text.range(of: "</svg>"))
    let svg = String(text[first.lowerBound..<last.upperBound])
    #expect(unbalancedTag(svg) == nil)
    #expect(svg.contains("prefers-color-scheme:dark"))
    let file = AlignedBytes(copying: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
    let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(file.buffer))
    var scratches = 0
    var tensors: Set<Int> = [model.inputTensor(0)]
    for index in 0..<model.operatorCount {
      let record = model.operatorRecord(index)
      let tensor = model.tensor(Int(record.output))
      #expect(svg.contains("<title>\(String(model.name(tensor.name))), "), "operator \(index)")
      scratches += record.scratchBytes > 0 ? 1 : 0
      tensors.insert(Int(record.output))
      for position in 0..<Int(record.inputCount) { tensors.insert(model.inputTensor(ofOperator: index, position)) }
    }
    #expect(svg.components(separatedBy: "<title>").count - 1 == tensors.count + scratches + 1)
    #expect(svg.components(separatedBy: "class=\"peak\"").count == 2)
    #expect(text.contains("What is alive in turn"))
    #expect(text.components(separatedBy: "<tr>").count > 3)
  }

  @Test func inspectTellsWhatSeveralModelsShare() throws {
    let paths = [
      try write("LeNet-5", .smallest, as: "one.martlet"), try write("ResNet8-CIFAR", .automatic, as: "two.martlet"),
    ]
    let run = try ToolProcess(["inspect"] + paths + ["--json"])
    try #require(run.status == 0, "\(run.errors)")
    let json = try run.json()
    let sizes = try #require(json["models"] as? [[String: Any]]).compactMap { $0["arena_bytes"] as? Int }
    #expect(sizes.count == 2)
    #expect(json["shared_arena_bytes"] as? Int == sizes.max())
    #expect(json["separate_arena_bytes"] as? Int == sizes.reduce(0, +))
  }

  /// The same input, whole and by rows, is stored as the same bytes, and every family agrees with the checks.
  @Test func selfTestsOfPushedModelsTakeAnInput() throws {
    let input = TemporaryFolder.shared.file("noise.npy").path
    let values = (0..<3072).map { (index: Int) -> Float in Float((index * 7919) % 256) / 32 - 4 }
    try #require(NumpyArray(shape: [1, 32, 32, 3], floats: values)).write(to: input)
    var stored: [[UInt8]] = []
    for pushes in [false, true] {
      let path = try write("ResNet8-CIFAR", .smallest, pushesInput: pushes, as: "selftest-\(pushes).martlet")
      let made = try ToolProcess("selftest", path, "-o", path, "--input", input)
      try #require(made.status == 0, "\(made.errors)")
      let check = try ToolProcess("selftest", path, "--check")
      #expect(check.status == 0, "\(check.output)\(check.errors)")
      let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
      let file = AlignedBytes(copying: bytes)
      let model = try Verifier<Every>.verify(UnsafeRawBufferPointer(file.buffer))
      #expect(model.takesRows == pushes)
      let section = model.header[.selfTest]
      stored.append(Array(bytes[Int(section.offset) + 64..<Int(section.offset + section.bytes)]))
    }
    #expect(stored[0] == stored[1])
    #expect(Set(stored[0].suffix(3072)).count > 100)
  }

  @Test func plansArePrintedWithoutCalibration() throws {
    let run = try ToolProcess("plan", "LeNet-5", "--arena", "3000", "--json")
    try #require(run.status == 0, "\(run.errors)")
    let results = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
    let plans = try #require(results.first?["plans"] as? [[String: Any]])
    let arenas = Dictionary(
      uniqueKeysWithValues: plans.map { plan in
        (
          "\(plan["plan"] ?? "")\(plan["pushes_rows"] as? Bool == true ? " pushed" : "")",
          plan["arena_bytes"] as? Int ?? 0
        )
      })
    #expect(Set(arenas.keys).isSuperset(of: ["whole", "automatic", "smallest", "smallest pushed", "--arena 3000"]))
    #expect(try #require(arenas["smallest"]) <= 3000)
    #expect(try #require(arenas["--arena 3000"]) <= 3000)
    #expect(try #require(arenas["smallest"]) < #require(arenas["whole"]))
    #expect(try ToolProcess("plan", "no-such-network").status != 0)
  }
}

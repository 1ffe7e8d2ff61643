import Compiler
import Foundation
import Graph
import Testing

/// Exported sources, and a firmware built and run in QEMU where both a Swift toolchain and QEMU are there.
@Suite(.serialized) struct ExportTests {
  let folder = TemporaryFolder.shared

  /// Convolution, depthwise, a residual block, pooling, fully connected, softmax.
  private func network() throws -> String {
    var graph = Graph(name: "small")
    var state: UInt64 = 9
    func constant(_ shape: [Int]) -> ValueID {
      let values = (0..<shape.reduce(1, *)).map { _ -> Float in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 33)) / Float(Int32.max) - 0.5
      }
      return graph.addConstant("constant", Tensor(shape: shape, values: values))
    }
    let around = Padding2D(top: 1, left: 1, bottom: 1, right: 1)
    let x = graph.addInput("x", shape: [1, 9, 8, 3])
    let first = try graph.apply(
      Conv2D(stride: Size2D(2, 2), dilation: Size2D(1, 1), padding: around, groups: 1), x, constant([20, 3, 3, 3]),
      constant([20]), name: "first")
    let second = try graph.apply(
      DepthwiseConv2D(stride: Size2D(1, 1), dilation: Size2D(1, 1), padding: around), first, constant([3, 3, 20]),
      constant([20]), name: "second")
    let third = try graph.apply(
      Conv2D(
        stride: Size2D(1, 1), dilation: Size2D(1, 1), padding: Padding2D(top: 0, left: 0, bottom: 0, right: 0),
        groups: 1), second,
      constant([20, 1, 1, 20]), constant([20]), name: "third")
    let sum = try graph.apply(Add(), first, third, name: "sum")
    let pooled = try graph.apply(
      MaxPool2D(
        window: Size2D(2, 2), stride: Size2D(2, 2), dilation: Size2D(1, 1),
        padding: Padding2D(top: 0, left: 0, bottom: 0, right: 0)), sum,
      name: "pooled")
    let flat = try graph.apply(Reshape(shape: [1, 80]), pooled, name: "flat")
    let scores = try graph.apply(FullyConnected(), flat, constant([7, 80]), constant([7]), name: "scores")
    graph.outputs = [try graph.apply(Softmax(), scores, name: "softmax")]
    let data = CalibrationData(count: 3) { example in
      [Tensor(shape: [1, 9, 8, 3], values: (0..<216).map { Float(($0 * 37 + example * 11) % 101) / 50 - 1 })]
    }
    return try folder.write(try compile(graph, calibration: data).bytes, as: "small.martlet")
  }

  @Test func cArrayHoldsTheFile() throws {
    let model = try network()
    let out = folder.file("c-array").path
    let run = try ToolProcess("export", model, "--c-array", "--name", "small_net", "-o", out)
    try #require(run.status == 0, "\(run.errors)")
    let source = try String(contentsOfFile: out + "/small_net.c", encoding: .utf8)
    let list = try #require(source.split(separator: "= {").last?.split(separator: "}").first)
    let bytes = list.split { !$0.isNumber }.compactMap { UInt8($0) }
    #expect(bytes == Array(try Data(contentsOf: URL(fileURLWithPath: model))))
    let header = try String(contentsOfFile: out + "/small_net.h", encoding: .utf8)
    #expect(header.contains("#define SMALL_NET_BYTES \(bytes.count)\n"))
    #expect(header.contains("#define SMALL_NET_LARGEST_OUTPUT 7\n"))
    let operators = try String(contentsOfFile: out + "/OperatorSet.swift", encoding: .utf8)
    let kinds = operators.split(separator: "\n").compactMap { line in
      line.contains(".And<") ? line.trimmingCharacters(in: .whitespaces) : nil
    }
    let expected = ["Conv2D", "DepthwiseConv2D", "MaxPool2D", "FullyConnected", "Softmax"]
    #expect(kinds.sorted() == expected.map { ".And<\($0)>" }.sorted())
  }

  /// OperatorSet.swift names types by what `kind` says.
  @Test func everyKindIsTheNameOfItsType() throws {
    let list = URL(fileURLWithPath: #filePath).appendingPathComponent(
      "../../../Sources/Martlet/Operators/BuiltIn.swift")
    let source = try String(contentsOf: list.standardizedFileURL, encoding: .utf8)
    let types = source.split(separator: ".And<").dropFirst().compactMap { $0.split(separator: ">").first }
    let kinds = try #require(try ToolProcess("list", "--json").json()["operators"] as? [String])
    #expect(!kinds.isEmpty)
    #expect(kinds.sorted() == types.map(String.init).sorted())
  }

  @Test func refusesWhatItCannotWrite() throws {
    let model = try network()
    let out = folder.file("never").path
    for arguments in [
      ["--c-array", "--firmware", "mps2-an386"], ["--firmware", "abacus"], ["--c-array", "--name", "1x"], [],
    ] {
      let run = try ToolProcess(["export", model, "-o", out] + arguments)
      #expect(run.status != 0 && !run.errors.isEmpty)
    }
    let elsewhere = try ToolProcess(
      "export", model, "--firmware", "mps2-an386", "--runtime", folder.url.path, "-o", folder.file("half").path)
    #expect(elsewhere.status != 0 && elsewhere.errors.contains("--runtime"))
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  static let canBuild = ToolProcess.isInstalled("swiftc")
  static let canRun = canBuild && ToolProcess.isInstalled("qemu-system-arm")

  /// The image agrees with the host in every operator; one whose self-test expects something else names the operator.
  @Test(
    .enabled(if: canRun, "qemu-system-arm is not installed"),
    arguments: [("mps2-an386", "arm-dsp"), ("mps3-an547", "helium")])
  func firmwareAgreesWithTheHost(board: String, kernels: String) throws {
    let model = try network()
    let tested = folder.file("tested.martlet").path
    let out = folder.file("firmware-\(board)").path
    try #require(try ToolProcess("selftest", model, "-o", tested).status == 0)
    let export = try ToolProcess("export", tested, "--firmware", board, "-o", out)
    try #require(export.status == 0, "\(export.errors)")
    let build = try ToolProcess(executable: out + "/build")
    try #require(build.status == 0, "\(build.errors)")
    let run = try ToolProcess(executable: "/usr/bin/timeout", ["60", out + "/run"])
    #expect(run.status == 0)
    #expect(run.output.hasPrefix("kernels \(kernels)\n"))
    #expect(run.output.contains("self-test: all"), "\(run.output) \(run.errors)")
    let host = try ToolProcess("selftest", tested, "--check", "--json")
    #expect(try host.json()["operators"] as? Int == 6)
    #expect(run.output.contains("all 6 operators agree"))
    let values = try #require(run.output.split(separator: "\n").first { $0.hasPrefix("output 0:") })
    #expect(values.split(separator: " ").dropFirst(2).compactMap { Int($0) }.count == 7)
  }
}

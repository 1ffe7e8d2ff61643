import Archives
import Foundation
import Testing

/// `martlet convert` with calibration inputs that are no pictures.
@Suite(.serialized, .enabled(if: TestData.isThere, "MARTLET_TEST_DATA names no folder"))
struct ConvertTests {
  /// Numbers below 0 would be lost in the range of pixels.
  @Test func arraysOfNumbersDecideTheRangeOfTheInput() throws {
    var state: UInt32 = 5
    let values = (0..<20 * 784).map { _ -> Float in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(state >> 8) / Float(1 << 23) - 1
    }
    let numbers = TemporaryFolder.shared.file("numbers.npy").path
    try #require(NumpyArray(shape: [20, 28, 28, 1], floats: values)).write(to: numbers)
    let packed = TemporaryFolder.shared.file("numbers.martlet").path
    let run = try ToolProcess(
      "convert", TestData.path("models/mnist_tinymaix-resnet_f32.tflite"), "--calibrate", numbers, "-o", packed,
      "--json")
    try #require(run.status == 0, "\(run.errors)")
    #expect(try #require(try run.json()["signal_to_noise_db"] as? Double) > 20)
    #expect(!run.errors.contains("pixels"))
    // The same numbers as pictures, if one says so.
    let pictures = try ToolProcess(
      "convert", TestData.path("models/mnist_tinymaix-resnet_f32.tflite"), "--calibrate", numbers, "--std", "255", "-o",
      packed, "--json")
    try #require(pictures.status == 0, "\(pictures.errors)")
    #expect(try #require(try pictures.json()["signal_to_noise_db"] as? Double) < 20)
  }

  /// Half of the weights' bytes, with the names that `inspect` prints; other names are refused.
  @Test func weightsOfFourBitsTakeHalfOfTheBytes() throws {
    let model = TestData.path("models/mnist_tinymaix-resnet_f32.tflite")
    let packed = TemporaryFolder.shared.file("four-bits.martlet").path
    func convert(_ arguments: String...) throws -> ToolProcess {
      try ToolProcess(
        ["convert", model, "--calibrate", TestData.path("mnist"), "--calibration-images", "4", "-o", packed, "--json"]
          + arguments)
    }
    let eight = try convert()
    try #require(eight.status == 0, "\(eight.errors)")
    let four = try convert("--int4-layers", "all")
    try #require(four.status == 0, "\(four.errors)")
    let bytes = try [eight, four].map { try #require(try $0.json()["file_bytes"] as? Int) }
    #expect(bytes[1] < bytes[0] - 4096)
    let operators = try #require(
      try ToolProcess("inspect", packed, "--json").json()["operators"] as? [[String: Any]])
    let named = try #require(operators.last { $0["kind"] as? String == "Conv2DInt4" }?["name"] as? String)
    let one = try convert("--int4-layers", named)
    try #require(one.status == 0, "\(one.errors)")
    let unknown = try convert("--int4-layers", "nothing")
    #expect(unknown.status != 0 && unknown.errors.contains("no layer named nothing"), "\(unknown.errors)")
    let both = try convert("--int4-layers", named, "--int16-layers", named)
    #expect(both.status != 0, "\(both.errors)")
  }

  /// With all of the accuracy to lose, every layer gets four bits; half of the inputs are kept back.
  @Test func aBudgetChoosesWidths() throws {
    let model = TestData.path("models/mnist_tinymaix-resnet_f32.tflite")
    let numbers = TemporaryFolder.shared.file("budget.npy").path
    let values = (0..<12 * 784).map { Float($0 * 7919 % 256) }
    try #require(NumpyArray(shape: [12, 28, 28, 1], floats: values)).write(to: numbers)
    let packed = TemporaryFolder.shared.file("budget.martlet").path
    let arguments = ["convert", model, "--calibrate", numbers, "-o", packed, "--json"]
    let run = try ToolProcess(arguments + ["--max-drop", "100", "--data", numbers])
    try #require(run.status == 0, "\(run.errors)")
    let widths = try #require(try run.json()["widths"] as? [String: Any])
    #expect(widths["compared_with_labels"] as? Bool == false && widths["max_drop_points"] as? Double == 100)
    let layers = try #require(widths["layers"] as? [[String: Any]])
    #expect(layers.count == 5 && layers.allSatisfy { $0["width"] as? String == "int4" }, "\(layers)")
    #expect((widths["held_back"] as? [String: Any])?["images"] as? Int == 6)
    for wrong in [["--max-drop", "1"], ["--data", numbers], ["--max-drop", "-1", "--data", numbers]] {
      #expect(try ToolProcess(arguments + wrong).status == 64, "\(wrong)")
    }
    let automatic = try ToolProcess(arguments + ["--int4-layers", "auto"])
    #expect(try automatic.json()["widths"] is [String: Any], "\(automatic.errors)")
  }

  @Test func reconstructionIsARepairOnRequest() throws {
    let numbers = TemporaryFolder.shared.file("reconstruct.npy").path
    let values = (0..<6 * 784).map { Float($0 * 7919 % 256) }
    try #require(NumpyArray(shape: [6, 28, 28, 1], floats: values)).write(to: numbers)
    let arguments = [
      "convert", TestData.path("models/mnist_tinymaix-resnet_f32.tflite"), "--calibrate", numbers, "-o",
      TemporaryFolder.shared.file("reconstruct.martlet").path, "--json",
    ]
    for (options, isMade) in [([], false), (["--reconstruct"], true)] {
      let run = try ToolProcess(arguments + options)
      #expect(run.status == 0 && run.output.contains("\"reconstruction\"") == isMade, "\(run.output) \(run.errors)")
    }
    for wrong in [
      ["--activations", "16"], ["--int4-layers", "all"], ["--without", "rounding"],
      ["--max-drop", "1", "--data", numbers],
    ] {
      let run = try ToolProcess(arguments + ["--reconstruct"] + wrong)
      #expect(run.status == 64 && run.errors.contains("--reconstruct"), "\(wrong): \(run.errors)")
    }
  }
}

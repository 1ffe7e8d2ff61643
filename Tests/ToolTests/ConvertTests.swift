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
}

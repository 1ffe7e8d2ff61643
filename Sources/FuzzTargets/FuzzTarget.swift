import Foundation

/// A door of Martlet that takes bytes from anywhere. Whatever the bytes are, it must end soon, with an answer or a refusal.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// A `.martlet` file with wrong checksums made right: the Verifier, then a run of what it accepts.
  case model
  /// A head patch, with wrong checksums made right: the check, its layers, the network that it is put on.
  case head
  /// An ONNX file: import, compilation, one run.
  case onnx
  /// A TFLite file: import, compilation, one run.
  case tflite
  /// PyTorch's `.pth`, safetensors, `.npz` and `.npy` as weights.
  case checkpoint
  /// A picture: JPEG, PNG, BMP, PPM.
  case picture
  /// A data set in one file: IDX, CIFAR-10, label lists, NumPy arrays, gzip.
  case dataset
  /// The words of a command line, one a line.
  case command
  /// The files of a folder that `martlet deploy` keeps.
  case slots

  /// How far the bytes came.
  public enum Outcome: Equatable, Sendable {
    /// Refused with a sentence or a fault.
    case refused
    /// Read, and refused by a later step.
    case refusedLater
    /// Accepted; where running it is cheap, it ran.
    case accepted
  }

  /// Takes the bytes through this door. Ends the process where Martlet breaks its promise.
  @discardableResult public func run(_ bytes: [UInt8]) -> Outcome {
    switch self {
    case .model: fuzzModel(bytes)
    case .head: fuzzHead(bytes)
    case .onnx, .tflite: fuzzNetwork(bytes, name: "fuzzed.\(rawValue)")
    case .checkpoint: fuzzCheckpoint(bytes)
    case .picture: fuzzPicture(bytes)
    case .dataset: fuzzDataset(bytes)
    case .command: fuzzCommandLine(bytes)
    case .slots: fuzzSlots(bytes)
    }
  }
}

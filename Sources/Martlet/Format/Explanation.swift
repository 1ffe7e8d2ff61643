extension Fault.Code {
  /// What is wrong, as the end of the sentence "The model cannot be used: …".
  public var explanation: StaticString {
    switch self {
    case .truncated: "the file is shorter than its header says"
    case .notAModel: "the file is not a packed model"
    case .unsupportedVersion: "the file's format version is not one that this library reads"
    case .checksum: "the bytes are not those that were written"
    case .section: "a section lies outside the file, out of order, misaligned, or has the wrong size"
    case .limit: "a count exceeds what this library allows"
    case .tensor: "a tensor's shape, pitch or place in the arena is impossible"
    case .quantization: "a tensor's scale or zero point is impossible for its operator"
    case .operand: "an operator reads a tensor that does not exist, was not computed, or has the wrong shape"
    case .unknownOperator: "an operator is unknown to this build"
    case .parameter: "an operator's parameters contradict its tensors"
    case .constant: "an operator's weights, channel constants or table have the wrong place or size"
    case .factor: "a factor is not finite, is negative, or could overflow"
    case .scratch: "an operator's scratch memory is too small, misaligned or outside the arena"
    case .overlap: "buffers that are in use at the same time overlap"
    case .text: "a name, a label or the preprocessing record is malformed or missing"
    case .arenaTooSmall: "the arena is smaller than the model needs"
    case .misaligned: "the model or the arena is not 64-byte aligned"
    case .inputOutput: "there is no such input or output, or the data is of another size"
    case .selfTest: "the file has no self-test, or an operator's output in it differs"
    case .schedule: "the schedule leaves out, repeats or mixes up rows of an operator"
    case .head: "a head's sizes, scales or biases are impossible, or it belongs to another network"
    }
  }

  /// What to do about it: a sentence.
  public var remedy: StaticString {
    switch self {
    case .truncated, .checksum: "Copy or download the file again."
    case .notAModel: "Convert the network with `martlet convert MODEL -o OUT.martlet`."
    case .unsupportedVersion: "Convert the network again with the `martlet convert` of this version."
    case .section, .limit, .tensor, .quantization, .operand, .parameter, .constant, .factor, .scratch, .overlap, .text,
      .schedule:
      "The file was damaged or not written by `martlet convert`: convert the network again."
    case .unknownOperator: "Use a build whose operator set has it, or a newer version."
    case .arenaTooSmall: "Give it the `arena_bytes` that `martlet inspect` prints."
    case .misaligned: "Place both on a 64-byte boundary; mapped files and pages are."
    case .inputOutput: "`martlet inspect` prints the shapes of inputs and outputs."
    case .selfTest:
      "Without a place: add a test with `martlet selftest`. Else this build or processor computes wrongly: report it."
    case .head: "Use the head with the network that it was trained on, or train it again with `martlet finetune`."
    }
  }
}

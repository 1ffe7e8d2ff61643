/// Bounds that the Verifier enforces and `martlet inspect` prints. Larger models are refused, never truncated.
public enum Limits {
  /// Operators in one model.
  public static var operators: Int { 4096 }
  /// Tensors in one model.
  public static var tensors: Int { 8192 }
  /// Tensors that keep their values from one run to the next.
  public static var states: Int { 1024 }
  /// Inputs of one operator.
  public static var inputsPerOperator: Int { 64 }
  /// Height, width or channels of a tensor.
  public static var dimension: Int { 1 << 20 }
  /// Bytes of a file.
  public static var fileBytes: Int { 1 << 30 }
  /// Bytes of an arena.
  public static var arenaBytes: Int { 1 << 30 }
  /// Bytes of a name.
  public static var nameBytes: Int { 255 }
  /// Bytes that must be readable after the last byte of every buffer (kernels read whole registers).
  public static var slackBytes: Int { 64 }
  /// Kernel height × width of a convolution.
  public static var kernelTaps: Int { 1 << 16 }
  /// Window height × width of pooling: 255 times as much still fits an int32 sum.
  public static var poolingTaps: Int { 1 << 22 }
  /// Operand indices in one model.
  public static var operands: Int { 1 << 14 }
  /// Entries of a schedule.
  public static var turns: Int { 1 << 17 }
  /// Short steps that the proof of a memory plan may take: a fraction of a second on a desktop processor.
  public static var planSteps: Int { 1 << 27 }
}

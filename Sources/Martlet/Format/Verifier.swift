import CShim

/// The only door to a session: proves that a packed model can be run, whatever bytes it is made of.
///
/// Every offset, size, index, shape and factor is checked, with arithmetic that cannot overflow, before any kernel sees
/// it. The time is linear in the bytes (one checksum) and in the records.
public enum Verifier<Operators: OperatorSet> {
  /// Verifies the packed model at the start of `bytes`, which must be 64-byte aligned and outlive the result.
  /// - Throws: `Fault` with the first thing that is wrong.
  public static func verify(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> Verified<Operators> {
    let bytes = try HeaderCheck.verify(bytes)
    let view = ModelView(bytes)
    try TensorCheck.verify(view)
    try OperatorCheck<Operators>.verify(view)
    #if arch(arm64) || arch(arm)
      if martlet_uses_weight_sums() != 0 { try WeightSumCheck.verify(view) }
    #endif
    try ScheduleCheck.verify(view)
    try PlanCheck<Operators>.verify(view)
    try TextCheck.verify(view)
    try SelfTestCheck.verify(view)
    return Verified(view: view)
  }
}

/// An operator that brings its constants into a faster order once, and does a fused clamp in its last step.
protocol PreparedOperator: Operator {
  /// The constants in the order that `evaluate` likes, or nil when it needs none. Inputs that are not constant are nil.
  func prepare(_ inputs: [Tensor?]) -> PackedFloats?

  /// The outputs, clamped. `prepared` came from `prepare` with the same constants; nil: they are prepared now.
  func evaluate(
    _ inputs: [Tensor], prepared: PackedFloats?, clamp: ClosedRange<Float>?, on workers: Workers
  ) -> [Tensor]
}

extension PreparedOperator {
  func prepare(_ inputs: [Tensor?]) -> PackedFloats? { nil }
}

/// An operator that can put its result where its first input lies. Its other inputs are constants.
protocol InPlaceOperator: Operator {
  /// Replaces `x` by the output, without a clamp. `prepared`: of a `PreparedOperator`.
  func evaluateInPlace(_ x: inout Tensor, prepared: PackedFloats?, on workers: Workers)
}

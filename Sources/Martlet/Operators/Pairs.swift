/// What operators of two operands, place by place, verify in the same words.
extension Step {
  /// Two inputs, each of the output's shape or broadcast to it.
  func requirePair() throws(Fault) {
    try requireInputs(2...2)
    try requireBroadcast(0)
    try requireBroadcast(1)
  }

  /// Input number `position` has the output's shape, or 1×1 over space, or one channel, or both.
  func requireBroadcast(_ position: Int) throws(Fault) {
    let operand = input(position)
    let output = output
    let space =
      (operand.height == output.height && operand.width == output.width)
      || (operand.height == 1 && operand.width == 1)
    guard space, operand.channels == output.channels || operand.channels == 1 else {
      throw fault(.operand, position)
    }
  }

  /// The rows of a broadcast operand that output rows `rows` need.
  func broadcastRows(ofInput position: Int, for rows: Range<Int32>) -> Range<Int32> {
    input(position).height == 1 ? 0..<1 : rows
  }
}

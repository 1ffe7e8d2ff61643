import CShim
import Foundation

/// The norm of each window: (Σ|x|^p)^(1/p).
///
/// Input: image [N,H,W,C]. Padding is zero. A window as large as the image is a global pooling.
public struct LpPool: Operator {
  /// "LpPool".
  public static var kind: String { "LpPool" }
  /// p, at least 1.
  public var order: Int
  /// Taps of the window.
  public var window: Size2D
  /// Input pixels from an output pixel to the next.
  public var stride: Size2D
  /// Input pixels from a tap to the next.
  public var dilation: Size2D
  /// Zeros around the image.
  public var padding: Padding2D
  /// Whether a last window may hang over the end (ONNX `ceil_mode`).
  public var roundsUp: Bool
  /// Whether the sum is divided by the taps inside the image before the root is taken (TFLite's L2 pooling); order 2 only.
  public var averages: Bool

  /// A pooling by norms with these attributes.
  public init(
    order: Int = 2, window: Size2D, stride: Size2D = .one, dilation: Size2D = .one, padding: Padding2D = .zero,
    roundsUp: Bool = false, averages: Bool = false
  ) {
    self.order = order
    self.window = window
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.roundsUp = roundsUp
    self.averages = averages
  }

  /// A clamp costs nothing in the last step.
  public var fusesClamp: Bool { true }

  /// [N,OH,OW,C].
  /// - Throws: `GraphError` when the window does not fit.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    try expect(inputs, "image")
    let image = inputs[0]
    try expect(order, in: 1...64, "the order of the norm")
    guard order == 2 || !averages else { throw GraphError("only a norm of order 2 can be averaged, not of \(order)") }
    let geometry = try Window2D(
      image: image, window: window, stride: stride, dilation: dilation, padding: padding, roundsUp: roundsUp)
    return [[image[0], geometry.outputHeight, geometry.outputWidth, image[3]]]
  }

  /// The norm over taps inside the image.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let geometry = Window2D(uncheckedImage: inputs[0].shape, window, stride, dilation, padding, roundsUp)
    let (channels, order, averages) = (inputs[0].shape[3], order, averages)
    return [
      pool(inputs[0], geometry, on: workers, start: 0) { into, from, count in
        for index in 0..<count { into[index] += power(abs(from[index]), order) }
      } finish: { into, row, column in
        let taps = averages ? Float(max(1, geometry.rows.taps(row).count * geometry.columns.taps(column).count)) : 1
        for index in 0..<channels {
          into[index] = order == 2 ? (into[index] / taps).squareRoot() : pow(into[index], 1 / Float(order))
        }
      }
    ]
  }

  /// A record of the runtime's LpPool with tables of powers and roots.
  /// - Throws: `GraphError` when a window may lie in padding alone or is too large, or a quantization is missing.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    let geometry = Window2D(uncheckedImage: node.inputs[0].shape, window, stride, dilation, padding, roundsUp)
    var record = LoweredOperator(code: 27, operands: [0], parameters: try geometry.poolingParameters(node.name))
    let (low, high) = try node.clampBounds()
    record.parameters += [averages ? 1 : 0, low, high]
    let rule = try node.activation(0)
    let steps = (0..<256).map { abs(Double($0 - 128 - Int(rule.zeroPoint))) }
    let taps = Double(window.height * window.width)
    // Whole numbers as they are where their sum fits 32 bits, else in a unit that makes it fit.
    let room = 0x1p32 - 1 - taps
    let largest = pow(steps.max() ?? 1, Double(order))
    let unit = max(1, largest * taps / room)
    guard room > taps * 256 else {
      throw GraphError("\(node.name): a window of \(Int(taps)) taps is too large for a norm; pool in two steps")
    }
    let powers = steps.map { UInt32((pow($0, Double(order)) / unit).rounded(.toNearestOrEven)) }
    record.table = powers.flatMap { littleEndian($0) }
    let factor = Double(rule.scale) / Double(try node.outputRule().scale)
    record.table += curveTable(largest: UInt32(taps) * (powers.max() ?? 0)) { sum in
      pow(sum * unit, 1 / Double(order)) * factor
    }
    return .step(record)
  }
}

/// `base` to a whole power.
private func power(_ base: Float, _ exponent: Int) -> Float {
  switch exponent {
  case 1: base
  case 2: base * base
  default: pow(base, Float(exponent))
  }
}

/// The largest or smallest elements of the last axis in order, or their places in it. One of them is ArgMax or ArgMin.
public struct TopK: Operator {
  /// "TopK".
  public static var kind: String { "TopK" }

  /// What the output holds.
  public enum Result: Hashable, Sendable {
    /// The elements.
    case values
    /// Their places in the last axis.
    case indices
  }

  /// How many.
  public var count: Int
  /// The elements or their places.
  public var result: Result
  /// Whether the smallest come first, not the largest.
  public var smallest: Bool
  /// Whether of equal elements the last comes first.
  public var lastFirst: Bool

  /// The first `count` elements or places.
  public init(count: Int, result: Result, smallest: Bool = false, lastFirst: Bool = false) {
    self.count = count
    self.result = result
    self.smallest = smallest
    self.lastFirst = lastFirst
  }

  /// The bytes pass through; indices are int32.
  public var outputQuantization: OutputQuantization {
    result == .values ? .sameAsInput : .fixed(Quantization(scale: 1, zeroPoint: 0, element: .int32))
  }

  /// The input's shape with `count` elements in the last axis.
  /// - Throws: `GraphError` when there are not so many.
  public func outputShapes(_ inputs: [[Int]]) throws(GraphError) -> [[Int]] {
    var shape = try rowShapes(inputs)[0]
    guard count >= 1, count <= shape[shape.count - 1] else {
      throw GraphError("\(count) elements cannot be taken of the last axis of \(shape)")
    }
    shape[shape.count - 1] = count
    return [shape]
  }

  /// The elements, or their places as numbers. What is not a number comes last.
  public func evaluate(_ inputs: [Tensor], on workers: Workers) -> [Tensor] {
    let (channels, rule) = (inputs[0].shape.last ?? 1, self)
    let result = workers.tensor(inputs[0].shape.dropLast() + [count]) { result in
      inputs[0].withPointer { x in
        nonisolated(unsafe) let (result, x) = (result, x)
        workers.split(inputs[0].count / channels, minimum: max(1, smallestElementwisePart / channels)) { rows in
          for row in rows {
            for (place, index) in rule.order(x + row * channels, channels).enumerated() {
              result[row * rule.count + place] = rule.result == .values ? x[row * channels + index] : Float(index)
            }
          }
        }
      }
    }
    return [result]
  }

  private func order(_ x: UnsafePointer<Float>, _ channels: Int) -> ArraySlice<Int> {
    func key(_ index: Int) -> Float { x[index].isNaN ? -.infinity : smallest ? -x[index] : x[index] }
    func precedes(_ a: Int, _ b: Int) -> Bool {
      key(a) == key(b) ? (lastFirst ? a > b : a < b) : key(a) > key(b)
    }
    if count == 1 { return [(0..<channels).min(by: precedes) ?? 0] }
    return (0..<channels).sorted(by: precedes)[..<count]
  }

  /// A record of the runtime's TopK.
  /// - Throws: `GraphError` when a quantization is missing or not the one that the result has.
  public func lower(_ node: LoweringContext) throws(GraphError) -> Lowered {
    _ = try node.runtimeShape(0)
    let (input, output) = (try node.activation(0), try node.anyOutputRule())
    guard output == (result == .values ? input : Quantization(scale: 1, zeroPoint: 0, element: .int32)) else {
      throw GraphError(
        "\(node.name): its output must have \(result == .values ? "its input's quantization" : "int32 indices"), but has "
          + "scale \(output.scale) and zero point \(output.zeroPoint); quantize the network again")
    }
    return .step(LoweredOperator(code: 29, operands: [0], parameters: [smallest ? 1 : 0, lastFirst ? 1 : 0]))
  }
}

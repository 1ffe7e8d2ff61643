import Foundation

/// The stored output byte for each stored input byte: `function` between two quantizations, then a clamp.
func activationTable(
  from input: Quantization, to output: Quantization, clamp: ClosedRange<Float>? = nil, _ function: (Float) -> Float
) -> [UInt8] {
  (0..<256).map { stored in
    var real = function(input.real(Int8(stored - 128)))
    if let clamp, !real.isNaN { real = min(clamp.upperBound, max(clamp.lowerBound, real)) }
    return UInt8(Int(output.quantize(real)) + 128)
  }
}

/// exp(−d · scale) for d = 0…255 as 0.31 fixed point, in little-endian bytes (see `martlet_softmax_rows`).
func softmaxTable(inputScale: Float) -> [UInt8] {
  (0..<256).flatMap { distance in
    let exponential = exp(-Double(distance) * Double(inputScale))
    let fixed = Int32(min(Double(Int32.max), (exponential * 0x1p31).rounded(.toNearestOrEven)))
    return littleEndian(fixed)
  }
}

/// The nearest multiple of 8, at least 8 and not more than 10 % below: the rule by which MobileNets and EfficientNets
/// scale their widths.
func roundedToMultipleOfEight(_ channels: Double) -> Int {
  let nearest = max(8, Int(channels + 4) / 8 * 8)
  return Double(nearest) < 0.9 * channels ? nearest + 8 : nearest
}

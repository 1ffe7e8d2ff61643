/// What well-known families of networks were trained with.
extension Preprocessing {
  /// The presets' names, as the command line spells them.
  public static let presetNames = ["imagenet", "imagenet-tf", "cifar10", "mnist"]

  private static let imagenetMean: [Float] = [123.675, 116.28, 103.53]
  private static let imagenetStandardDeviation: [Float] = [58.395, 57.12, 57.375]

  /// The preset `name` for an input of `width` × `height` pixels (nil takes the preset's own), or nil where there is no
  /// such preset.
  ///
  /// - `imagenet` (torchvision): 224, shorter side n ÷ 0.875, center crop; mean 123.675, 116.28, 103.53; standard
  ///   deviation 58.395, 57.12, 57.375.
  /// - `imagenet-tf` (TensorFlow's "Inception" preprocessing): 224, the central 87.5 % resized without antialiasing; x ÷ 127.5 − 1.
  /// - `cifar10`: 32, whole picture; the mean and standard deviation of `imagenet`, rounded as is usual for CIFAR-10:
  ///   (x ÷ 255 − [0.485, 0.456, 0.406]) ÷ [0.229, 0.224, 0.225].
  /// - `mnist`: 28, gray; x ÷ 255.
  public static func preset(_ name: String, width: Int? = nil, height: Int? = nil) -> Preprocessing? {
    func make(
      _ size: Int, _ channels: Int, mean: [Float], deviation: [Float], isAntialiased: Bool = true,
      rule: (Int, Int) throws -> ResizeRule
    ) -> Preprocessing? {
      let (width, height) = (width ?? size, height ?? size)
      guard let rule = try? rule(width, height) else { return nil }
      return try? Preprocessing(
        width: width, height: height, channels: channels, resizeRule: rule, isAntialiased: isAntialiased, mean: mean,
        standardDeviation: deviation)
    }
    switch name {
    case "imagenet":
      return make(224, 3, mean: imagenetMean, deviation: imagenetStandardDeviation) {
        try rule(cropFraction: 0.875, width: $0, height: $1)
      }
    case "imagenet-tf":
      return make(224, 3, mean: [127.5], deviation: [127.5], isAntialiased: false) { _, _ in
        .cropThenResize(fraction: 0.875)
      }
    case "cifar10":
      return make(32, 3, mean: imagenetMean, deviation: imagenetStandardDeviation) {
        .shorterSideThenCrop(shorterSide: min($0, $1))
      }
    case "mnist":
      return make(28, 1, mean: [0], deviation: [255]) { .shorterSideThenCrop(shorterSide: min($0, $1)) }
    default: return nil
    }
  }
}

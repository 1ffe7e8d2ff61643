import ArgumentParser
import Datasets
import Graph
import Martlet

/// How pictures become the network's input: a preset, changed by explicit flags.
struct PreprocessingOptions: ParsableArguments {
  @Option(
    help: "What the network was trained with: imagenet, imagenet-tf, cifar10 or mnist.",
    completion: .list(Preprocessing.presetNames))
  var preset: String?

  @Option(help: "Subtracted from each channel, in units of 0–255: R,G,B or one number.")
  var mean: String?

  @Option(help: "Divided by, in units of 0–255: R,G,B or one number.")
  var std: String?

  @Option(help: "Height and width of the input in pixels; by default the network's.")
  var size: Int?

  @Option(help: "Resize the shorter side to size ÷ FRACTION, then cut out the center.")
  var crop: Double?

  @Flag(help: "The network takes blue first.")
  var bgr = false

  /// The rules for a network whose first input is N×H×W×C, or nil when that is no picture.
  func preprocessing(for shape: [Int]) throws -> Preprocessing? {
    guard shape.count == 4, shape[3] == 1 || shape[3] == 3 else {
      if preset != nil || mean != nil || std != nil {
        throw ToolError(
          "The network's input is \(shape.text), not a picture of 1 or 3 channels: leave --preset, --mean and --std out."
        )
      }
      return nil
    }
    if let size, size != shape[1] || size != shape[2] {
      throw ToolError("--size \(size) does not fit the network, whose input is \(shape[1])×\(shape[2]) pixels.")
    }
    var rules: Preprocessing
    if let preset {
      guard let known = Preprocessing.preset(preset, width: shape[2], height: shape[1]) else {
        throw ToolError(
          "There is no preset \(preset): choose one of \(Preprocessing.presetNames.joined(separator: ", ")).")
      }
      guard known.channels == shape[3] else {
        throw ToolError("--preset \(preset) is for \(known.channels) channels; the network takes \(shape[3]).")
      }
      rules = known
    } else {
      rules = try Preprocessing(
        width: shape[2], height: shape[1], channels: shape[3],
        resizeRule: try Preprocessing.rule(cropFraction: 1, width: shape[2], height: shape[1]))
    }
    if let crop { rules.resizeRule = try Preprocessing.rule(cropFraction: crop, width: shape[2], height: shape[1]) }
    if let mean { rules.mean = try numbers(mean, count: shape[3], flag: "--mean") }
    if let std { rules.standardDeviation = try numbers(std, count: shape[3], flag: "--std") }
    if bgr { rules.channelOrder = .blueFirst }
    try rules.check()
    return rules
  }

  /// Whether any flag was given.
  var isGiven: Bool { preset != nil || mean != nil || std != nil || crop != nil || bgr }

  private func numbers(_ text: String, count: Int, flag: String) throws -> [Float] {
    let values = text.split(separator: ",", omittingEmptySubsequences: false).compactMap { Float($0) }
    if values.count == 1 { return Array(repeating: values[0], count: count) }
    guard values.count == count, text.split(separator: ",").count == count else {
      throw ToolError("\(flag) takes \(count) numbers between commas, or one for all channels; it was \(text).")
    }
    return values
  }
}

extension PreprocessingRecord {
  /// The record of the file for these rules; the Compiler fills in the pixel table.
  init(_ rules: Preprocessing) {
    self.init()
    height = Int32(rules.height)
    width = Int32(rules.width)
    channels = Int32(rules.channels)
    switch rules.resizeRule {
    case .stretch: resizeRule = 0
    case .shorterSideThenCrop(let shorterSide):
      resizeRule = 1
      resizeShorterSide = Int32(shorterSide)
    case .cropThenResize(let fraction):
      resizeRule = 2
      cropFraction = Float(fraction)
    }
    channelOrder = rules.channelOrder.rawValue
    interpolation = rules.isAntialiased ? 0 : 1
    for channel in 0..<3 {
      mean[channel] = rules.mean[min(channel, rules.channels - 1)]
      standardDeviation[channel] = rules.standardDeviation[min(channel, rules.channels - 1)]
    }
  }

  /// The host's rules for this record. Colors stay red first: the session's pixel table exchanges them.
  func rules() throws -> Preprocessing {
    let rule: Preprocessing.ResizeRule =
      switch resizeRule {
      case 1: .shorterSideThenCrop(shorterSide: Int(resizeShorterSide))
      case 2: .cropThenResize(fraction: Double(cropFraction))
      default: .stretch
      }
    let count = Int(channels)
    return try Preprocessing(
      width: Int(width), height: Int(height), channels: count, resizeRule: rule, isAntialiased: interpolation == 0,
      mean: (0..<count).map { mean[$0] }, standardDeviation: (0..<count).map { standardDeviation[$0] })
  }

  /// The rules with the network's own order of colors: for tensors that are made on the host.
  func tensorRules() throws -> Preprocessing {
    var rules = try rules()
    rules.channelOrder = Preprocessing.ChannelOrder(rawValue: channelOrder) ?? .redFirst
    return rules
  }
}

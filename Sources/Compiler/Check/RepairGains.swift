import struct Graph.Graph
import class Graph.Workers

/// What `compile` does so that less is lost in int8; each can be left out.
public enum Repair: String, CaseIterable, Sendable {
  /// Channels are scaled so that the one scale of a tensor suits all of them.
  case equalization
  /// What channels behind a ReLU always hold moves into the biases of the layers that read them.
  case biasAbsorption = "bias-absorption"
  /// Biases make up for the mean error of rounded weights.
  case biasCorrection = "bias-correction"
  /// Weights are rounded by what they are multiplied with.
  case rounding
}

extension CompileOptions {
  /// Whether a repair is made.
  public subscript(repair: Repair) -> Bool {
    get {
      switch repair {
      case .equalization: equalizesChannels
      case .biasAbsorption: absorbsBiases
      case .biasCorrection: correctsBiases
      case .rounding: roundsByCovariance
      }
    }
    set {
      switch repair {
      case .equalization: equalizesChannels = newValue
      case .biasAbsorption: absorbsBiases = newValue
      case .biasCorrection: correctsBiases = newValue
      case .rounding: roundsByCovariance = newValue
      }
    }
  }
}

/// What one repair brings, after those before it.
public struct RepairGain: Sendable {
  /// Which one.
  public var repair: Repair
  /// Whether it was made.
  public var isOn: Bool
  /// By how much the outputs' signal to noise rises, dB; nil when it was not made or not measured.
  public var gainDecibels: Double?
}

/// Compiles the network without repairs and with one after the other, and compares the outputs of each with float.
/// - Parameters:
///   - absorbedBiases: how many channels the absorption of biases changed with `options`.
///   - final: the agreement with all repairs of `options`, on the same examples.
func repairGains(
  _ graph: Graph, calibration: CalibrationData, options: CompileOptions, absorbedBiases: Int, final: Agreement,
  workers: Workers, progress: (Double) -> Void
) throws -> [RepairGain] {
  guard options.measuresRepairs else {
    return Repair.allCases.map { RepairGain(repair: $0, isOn: options[$0], gainDecibels: nil) }
  }
  let made = Repair.allCases.filter { options[$0] }
  var variant = options
  for repair in made { variant[repair] = false }
  variant.measuresRepairs = false
  variant.packsWholeTensors = false
  variant.reportsOtherInput = false
  variant.pushesInput = false
  variant.arena = .wholeTensors
  func decibels() throws -> Double {
    try compile(graph, calibration: calibration, options: variant, workers: workers).report.agreement
      .signalToNoiseDecibels
  }
  var gains: [Repair: Double] = [:]
  var last = made.isEmpty ? 0 : try decibels()
  for (number, repair) in made.enumerated() {
    progress(Double(number + 1) / Double(made.count))
    variant[repair] = true
    let isIdle = repair == .biasAbsorption && absorbedBiases == 0 && repair != made.last
    let next = repair == made.last ? final.signalToNoiseDecibels : isIdle ? last : try decibels()
    // Two infinite ratios are equal.
    gains[repair] = next == last ? 0 : next - last
    last = next
  }
  return Repair.allCases.map { RepairGain(repair: $0, isOn: options[$0], gainDecibels: gains[$0]) }
}

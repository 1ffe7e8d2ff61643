import struct Graph.Graph
import class Graph.Workers

/// What `compile` does so that less is lost in int8; each can be left out. All but `reconstruction` are made by default.
public enum Repair: String, CaseIterable, Sendable {
  /// Channels are scaled so that the one scale of a tensor suits all of them.
  case equalization
  /// What channels behind a ReLU always hold moves into the biases of the layers that read them.
  case biasAbsorption = "bias-absorption"
  /// Biases make up for the mean error of rounded weights.
  case biasCorrection = "bias-correction"
  /// Weights are rounded by what they are multiplied with.
  case rounding
  /// Weights make up for what the packed layers before them compute otherwise than in float; only together with `rounding`.
  case reconstruction
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
      case .reconstruction: reconstructsLayers
      }
    }
    set {
      switch repair {
      case .equalization: equalizesChannels = newValue
      case .biasAbsorption: absorbsBiases = newValue
      case .biasCorrection: correctsBiases = newValue
      case .rounding: roundsByCovariance = newValue
      case .reconstruction: reconstructsLayers = newValue
      }
    }
  }
}

/// What one repair brings.
public struct RepairGain: Sendable {
  /// Which one.
  public var repair: Repair
  /// Whether it was made.
  public var isOn: Bool
  /// By how much the outputs' signal to noise falls when only this one is left out, dB; nil when that was not measured.
  /// Negative for a repair that does harm; the one that does most, if it is below `-harmfulDecibels`, is not made.
  public var gainDecibels: Double?

  /// A loss that so few inputs do not show by chance, dB.
  public static let harmfulDecibels = 0.5
}

/// Compiles the network once without each repair, and compares the outputs with float.
/// - Parameters:
///   - absorbedBiases: how many channels the absorption of biases changed with `options`.
///   - final: the agreement with all repairs of `options`, on the same examples.
func repairGains(
  _ graph: Graph, calibration: CalibrationData, options: CompileOptions, absorbedBiases: Int, final: Agreement,
  workers: Workers, progress: (Double) -> Void
) throws -> [RepairGain] {
  try Repair.allCases.filter { $0 != .reconstruction || options[$0] }.enumerated().map { number, repair in
    let isOn = options[repair]
    guard options.measuresRepairs, isOn else { return RepairGain(repair: repair, isOn: isOn) }
    progress(Double(number) / Double(Repair.allCases.count))
    let isIdle =
      repair == .biasAbsorption && absorbedBiases == 0
      || repair == .reconstruction && !options.reconstructsWithEightBits
    var gain = 0.0
    if !isIdle {
      let without = try compile(
        graph, calibration: calibration, options: options.without(repair), workers: workers
      ).report.agreement.signalToNoiseDecibels
      // Two infinite ratios are equal.
      if without != final.signalToNoiseDecibels { gain = final.signalToNoiseDecibels - without }
    }
    return RepairGain(repair: repair, isOn: true, gainDecibels: gain)
  }
}

extension CompileOptions {
  /// Whether layers are reconstructed, as far as the options decide.
  var reconstructsWithEightBits: Bool {
    reconstructsLayers && roundsByCovariance && weights == .int8 && activations != .int16
  }

  /// For a trial without one repair: nothing that only makes a file smaller or a report longer.
  fileprivate func without(_ repair: Repair) -> CompileOptions {
    var trial = self
    trial[repair] = false
    trial.measuresRepairs = false
    trial.packsWholeTensors = false
    trial.reportsOtherInput = false
    trial.pushesInput = false
    trial.arena = .wholeTensors
    return trial
  }
}

extension CompileReport {
  /// The repair that does most harm, if one does.
  var harmfulRepair: Repair? {
    repairs.filter { $0.isOn && $0.gainDecibels ?? 0 < -RepairGain.harmfulDecibels }
      .min { $0.gainDecibels ?? 0 < $1.gainDecibels ?? 0 }?.repair
  }
}

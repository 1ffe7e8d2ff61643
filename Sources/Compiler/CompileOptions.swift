import Martlet

/// How a network is compiled.
public struct CompileOptions: Sendable {
  /// How ranges follow from what calibration sees.
  public var calibrationMethod: CalibrationMethod = .defaultMethod
  /// Whether biases make up for the mean error of rounded weights.
  public var correctsBiases = true
  /// Whether weights are rounded so that the error of their products with calibration inputs is small, instead of each
  /// to its nearest step.
  public var roundsByCovariance = true
  /// Whether weights, besides, make up for what the packed layers before them compute otherwise than in float. Of networks of
  /// eight-bit weights whose weights are rounded by covariance. It takes about as long again as everything else.
  public var reconstructsLayers = false
  /// Whether channels are scaled so that the one scale of an int8 tensor suits all of its channels.
  public var equalizesChannels = true
  /// Whether what channels behind a ReLU always hold moves into the biases of the layers that read them.
  public var absorbsBiases = true
  /// Which layers compute with int16 activations instead of int8.
  public var activations: ActivationWidths = .int8
  /// Which layers' weights have four bits instead of eight.
  public var weights: WeightWidths = .int8
  /// Class labels in index order; empty: those of the graph.
  public var labels: [String] = []
  /// How a picture becomes the input. Its pixel table is filled by the compiler; a size of 0 is the input's.
  public var preprocessing: PreprocessingRecord?
  /// Lines of the packed file about its origin, such as the source's name and hash; the compiler adds its own.
  public var provenance: [(key: String, value: String)] = []
  /// How much memory the plan may take.
  public var arena: ArenaGoal = .automatic
  /// Whether the caller gives the first input row by row (`Session.push`), so that the arena need not hold it.
  public var pushesInput = false
  /// How many threads the plan is made for. It runs with any number: with more of them, turns of few rows cost more.
  public var threads = 1
  /// Whether the report also says what the arena would be with the first input given the other way.
  public var reportsOtherInput = false
  /// Whether the report says what each repair brings, for which the network is compiled once more for each of them, and a
  /// repair that does harm is left out.
  public var measuresRepairs = false
  /// Whether the result also has the network with every layer whole, for comparing latencies.
  public var packsWholeTensors = false
  /// How many calibration examples the finished model is compared with the float network on.
  public var checkedExamples = 32

  /// The defaults.
  public init() {}
}

/// Which layers' results are int16 instead of int8. Their weights are int8.
public enum ActivationWidths: Equatable, Sendable {
  /// None.
  case int8
  /// All that have an int16 form.
  case int16
  /// Those of these names.
  case int16Layers(Set<String>)

  /// Whether a layer of this name is one of them.
  func includes(_ name: String) -> Bool {
    switch self {
    case .int8: false
    case .int16: true
    case .int16Layers(let names): names.contains(name)
    }
  }
}

/// Which layers' weights are int4 instead of int8.
public enum WeightWidths: Equatable, Sendable {
  /// None.
  case int8
  /// All that have such a form: dense and grouped convolutions and fully connected layers of int8 activations.
  case int4
  /// Those of these names.
  case int4Layers(Set<String>)
}

extension CalibrationMethod {
  /// The method that kept real networks nearest to their float accuracy.
  public static var defaultMethod: CalibrationMethod { .meanSquaredError }
}

/// A packed model and how it came about.
public struct CompiledModel: Sendable {
  /// The `.martlet` file.
  public var bytes: [UInt8]
  /// For people.
  public var report: CompileReport
  /// The same network with every layer whole, if `CompileOptions.packsWholeTensors` asks for it.
  public var wholeTensorBytes: [UInt8]?
}

/// What the compiler did.
public struct CompileReport: Sendable {
  /// One step of the packed model.
  public struct Layer: Sendable {
    /// The layer's name.
    public var name: String
    /// The operator's name.
    public var kind: String
    /// H, W, C.
    public var outputShape: [Int]
    /// real = scale × (q − zero point).
    public var outputScale: Float
    /// A value of the output's element type.
    public var outputZeroPoint: Int32
    /// Real values from the lowest to the highest that the output can hold.
    public var outputRange: ClosedRange<Float>
    /// Multiply-accumulates.
    public var macs: Int
    /// Bytes of packed weights, with their tail.
    public var weightBytes: Int
    /// Bytes of scratch.
    public var scratchBytes: Int
  }

  /// In execution order.
  public var layers: [Layer]
  /// Exactly what a session needs.
  public var arenaBytes: Int
  /// The largest set of tensors and scratch alive together: no plan for this order of layers is smaller.
  public var lowerBoundBytes: Int
  /// Whether the planner proved that no smaller plan exists.
  public var isPlanProvenSmallest: Bool
  /// What the arena would be with the first input pushed by rows instead of whole, or the other way round.
  public var otherInputArenaBytes: Int?
  /// Multiply-accumulates of one inference.
  public var macs: Int
  /// Weights and biases after folding.
  public var parameters: Int
  /// Examples that calibration saw.
  public var calibrationExamples: Int
  /// What had to be bent so that no value overflows or vanishes, in sentences.
  public var notes: [String]
  /// Float network against packed model.
  public var agreement: Agreement
  /// What was done so that less is lost in int8; empty for an imported int8 network.
  public var repairs: [RepairGain] = []
}

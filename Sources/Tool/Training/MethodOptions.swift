import Architectures
import ArgumentParser
import Training

/// Loss, optimizer and learning rate.
struct MethodOptions: ParsableArguments {
  @Option(help: "sgd, rmsprop, adam (decay in the gradient) or adamw (decay apart).")
  var optimizer: TrainingMethod = .sgd

  @Option(
    help:
      "The learning rate at its peak; by default 0.05 for sgd, 0.001 for others; a tenth of it with --quantize-aware.")
  var rate: Float?

  @Option(help: "Momentum of sgd and rmsprop; by default 0.9 and 0.")
  var momentum: Float?

  @Flag(help: "Nesterov's form of sgd's momentum.")
  var nesterov = false

  @Option(help: "λ of the weights' decay.")
  var weightDecay: Float = 5e-4

  @Option(help: "How the rate goes down: cosine, step or constant.")
  var schedule: ScheduleKind = .cosine

  @Option(help: "For --schedule step: after which shares of the run.")
  var milestones = "0.5,0.75"

  @Option(help: "For --schedule step: times this.")
  var factor: Float = 0.1

  @Option(help: "Steps in which the rate grows to its peak; by default 100, at most one epoch.")
  var warmUp: Int?

  @Option(help: "cross-entropy, mean-squared-error, hinge (multi-class) or one-versus-rest-hinge.")
  var loss: LossKind = .crossEntropy

  @Option(help: "Of cross-entropy: the share of the target that goes to all classes alike.")
  var labelSmoothing: Float = 0

  @Option(help: "The weight of auxiliary classifiers' losses, where the architecture has some.")
  var auxiliaryWeight: Float = 0.3

  @Option(help: "The distribution of the first weights: he or xavier.")
  var initialization: WeightDistribution = .he

  func validate() throws {
    guard rate ?? 1 > 0, rate?.isFinite != false, weightDecay >= 0, weightDecay.isFinite else {
      throw ValidationError("--rate must be over 0, and --weight-decay not under it.")
    }
    guard 0 <= momentum ?? 0, momentum ?? 0 < 1 else { throw ValidationError("--momentum must lie in 0…1, without 1.") }
    guard momentum == nil || optimizer == .sgd || optimizer == .rmsprop, !nesterov || optimizer == .sgd else {
      throw ValidationError("--momentum is for sgd and rmsprop, --nesterov for sgd.")
    }
    guard !nesterov || momentum ?? 0.9 > 0 else { throw ValidationError("--nesterov needs a --momentum over 0.") }
    guard fractions != nil, factor > 0, factor <= 1 else {
      throw ValidationError("--milestones are rising numbers in 0…1 between commas, and --factor lies in 0…1.")
    }
    guard warmUp ?? 0 >= 0, auxiliaryWeight >= 0, auxiliaryWeight.isFinite else {
      throw ValidationError("--warm-up and --auxiliary-weight must not be under 0.")
    }
    guard labelSmoothing >= 0, labelSmoothing < 1, labelSmoothing == 0 || loss == .crossEntropy else {
      throw ValidationError("--label-smoothing lies in 0…1, without 1, and is for --loss cross-entropy.")
    }
  }

  /// The rate's peak. `isFine`: for a network that is trained already.
  func peakRate(isFine: Bool) -> Float { rate ?? (optimizer == .sgd ? 0.05 : 0.001) * (isFine ? 0.1 : 1) }

  private var fractions: [Double]? {
    let parts = milestones.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0) }.filter { (0...1).contains($0) }
    return numbers.count == parts.count && numbers == numbers.sorted() ? numbers : nil
  }

  /// The learning rate of a run whose epochs have `stepsAnEpoch` steps.
  func learningRate(stepsAnEpoch: Int, isFine: Bool = false) -> LearningRate {
    let kind: LearningRate.Schedule =
      switch schedule {
      case .cosine: .cosine
      case .constant: .constant
      case .step: .step(at: fractions ?? [], factor: factor)
      }
    return LearningRate(
      peak: peakRate(isFine: isFine), warmUpSteps: warmUp ?? min(100, stepsAnEpoch), schedule: kind)
  }

  /// What is minimized.
  var objective: any Loss {
    switch loss {
    case .crossEntropy: CrossEntropy(labelSmoothing: labelSmoothing)
    case .meanSquaredError: MeanSquaredError()
    case .hinge: Hinge(.multiClass)
    case .oneVersusRestHinge: Hinge(.oneVersusRest)
    }
  }

  /// What changes so many parameters.
  func makeOptimizer(parameters: Int) -> any Optimizer {
    switch optimizer {
    case .sgd:
      StochasticGradientDescent(
        parameters: parameters, momentum: momentum ?? 0.9, isNesterov: nesterov, weightDecay: weightDecay)
    case .rmsprop: RMSProp(parameters: parameters, momentum: momentum ?? 0, weightDecay: weightDecay)
    case .adam: Adam(parameters: parameters, weightDecay: weightDecay)
    case .adamw: Adam(parameters: parameters, weightDecay: weightDecay, isDecoupled: true)
    }
  }

  /// Under the options' names.
  func settings(isFine: Bool = false) -> [String: String] {
    var settings = [
      "optimizer": optimizer.rawValue, "rate": "\(peakRate(isFine: isFine))", "weight-decay": "\(weightDecay)",
      "schedule": schedule.rawValue, "loss": loss.rawValue, "auxiliary-weight": "\(auxiliaryWeight)",
      "initialization": initialization.rawValue,
    ]
    if let momentum { settings["momentum"] = "\(momentum)" }
    if nesterov { settings["nesterov"] = "true" }
    if schedule == .step { (settings["milestones"], settings["factor"]) = (milestones, "\(factor)") }
    if let warmUp { settings["warm-up"] = "\(warmUp)" }
    if labelSmoothing > 0 { settings["label-smoothing"] = "\(labelSmoothing)" }
    return settings
  }
}

/// `--optimizer`.
enum TrainingMethod: String, ExpressibleByArgument, CaseIterable { case sgd, rmsprop, adam, adamw }

/// `--schedule`.
enum ScheduleKind: String, ExpressibleByArgument, CaseIterable { case cosine, step, constant }

/// `--loss`.
enum LossKind: String, ExpressibleByArgument, CaseIterable {
  case crossEntropy = "cross-entropy"
  case meanSquaredError = "mean-squared-error"
  case hinge
  case oneVersusRestHinge = "one-versus-rest-hinge"
}

extension WeightDistribution: ExpressibleByArgument {}

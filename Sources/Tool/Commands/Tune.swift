import Architectures
import ArgumentParser
import Compiler
import Datasets
import Foundation
import Graph
import Training

/// `martlet tune ARCHITECTURE --data DIR`.
struct Tune: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Searches for a learning rate, a width and changes of pictures, scored on pictures kept from training.",
    discussion: """
      Of the training half a share is kept back, and trials are compared by their accuracy on that; the test half is never
      read. Candidates are drawn at random. With --search halving all are trained for a few epochs, the better ones for
      more, the best for --epochs (successive halving, Jamieson and Talwalkar 2016); with --search random all for --epochs.
      The same seed gives the same table. After an interruption the same command goes on.
      Example: martlet tune lenet-5 --data mnist/ --trials 8 --epochs 4 --budget-arena 6000 --state lenet-5-search/
      """)

  @Argument(help: "One of `martlet architectures`.")
  var architecture: String

  @Option(help: "The labelled pictures; their training half is used.", completion: .file())
  var data: String

  @Option(help: "A folder for the search's state, so that it can go on.")
  var state: String

  @Option(help: "Candidates to train.")
  var trials = 8

  @Option(help: "halving or random.")
  var search: Search = .halving

  @Option(help: "The share of the training pictures that scores.")
  var validation = 0.2

  @Option(help: "Learning rates to draw from, evenly by their logarithm: LOW,HIGH.")
  var rates = "0.005,0.2"

  @Option(help: "Widths to draw from.")
  var widths = "0.5,0.75,1"

  @Flag(help: "Keep the given --shift, --flip, --cutout and --mixup instead of searching over them.")
  var fixedChanges = false

  @Option(help: "Refuse candidates whose packed network needs more than this many bytes of arena.")
  var budgetArena: Int?

  @Option(help: "Refuse candidates whose packed network takes more multiply-accumulates.")
  var budgetMacs: Int?

  @Option(help: "Write the table to this file of comma-separated values.", completion: .file())
  var log: String?

  @OptionGroup(title: "Training") var options: TrainingOptions
  @OptionGroup var json: OutputOptions

  /// How the epochs are spent.
  enum Search: String, ExpressibleByArgument, CaseIterable { case halving, random }

  func validate() throws {
    guard trials >= 1, trials <= 10_000 else { throw ValidationError("--trials must lie in 1…10000.") }
    guard validation > 0, validation < 1 else { throw ValidationError("--validation must lie between 0 and 1.") }
    guard let rateRange, rateRange.upperBound.isFinite else {
      throw ValidationError("--rates are two numbers over 0, the lower first: LOW,HIGH.")
    }
    guard let widthList, !widthList.isEmpty else {
      throw ValidationError("--widths are numbers in 0.01…16 between commas.")
    }
    guard budgetArena ?? 1 > 0, budgetMacs ?? 1 > 0 else { throw ValidationError("Budgets must be over 0.") }
    guard options.method.rate == nil, options.width == 1 else {
      throw ValidationError("--rates and --widths take the places of --rate and --width.")
    }
    guard !options.quantizeAware else {
      throw ValidationError("tune begins with random weights; train the winner with --quantize-aware afterwards.")
    }
  }

  private var rateRange: ClosedRange<Double>? {
    let numbers = rates.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? 0 }
    guard numbers.count == 2, numbers[0] > 0, numbers[0] <= numbers[1] else { return nil }
    return numbers[0]...numbers[1]
  }

  private var widthList: [Double]? {
    let numbers = widths.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? 0 }
    return numbers.allSatisfy { (0.01...16).contains($0) } ? numbers : nil
  }

  func run() throws {
    let interruption = Interruption()
    let known = try Architectures.named(architecture)
    let network = try known.build(options.architectureOptions)
    let data = try TrainingData(data, known, network)
    let all = try data.read(.training, limit: options.limit, seed: options.seed) {
      try interruption.check()
    }
    let (validation, training) = try kept(all)
    let space = TuneSpace(
      rates: rateRange ?? 0.005...0.2, widths: widthList ?? [1], searchesChanges: !fixedChanges,
      budgetArena: budgetArena, budgetMACs: budgetMacs)
    let candidates = try space.draw(trials, known, options, seed: options.seed)
    var found = try TuneState.load(state, settings: settings(known, training, validation))
    note(
      "\(trials) trials, \(candidates.count - trials) more refused; \(training.count) pictures to learn from, "
        + "\(validation.count) to score by")
    let trial = TuneTrial(
      known: known, rules: data.rules, training: training, validation: validation, folder: state,
      interruption: interruption)
    var alive = candidates.filter { $0.refusal == nil }
    for (rung, epochs) in rungs.enumerated() {
      for candidate in alive where found.scores[candidate.number]?.epochs ?? 0 < epochs {
        let score = try trial.score(candidate.number, candidate.applied(to: options), epochs: epochs)
        found.scores[candidate.number] = score
        try found.write(state)
        note("trial \(candidate.number), \(epochs) epochs: \((score.accuracy * 100).digits(2)) %  \(candidate.flags)")
      }
      guard rung < rungs.count - 1 else { break }
      alive = Array(ranked(alive, found).prefix((alive.count + 1) / 2)).sorted { $0.number < $1.number }
    }
    try TuneReport(candidates, found, architecture: known.name, data: self.data, options).emit(json, log: log)
  }

  /// The epochs after which candidates are compared.
  private var rungs: [Int] {
    guard search == .halving else { return [options.epochs] }
    var (rungs, left) = ([options.epochs], trials)
    while left > 2, let first = rungs.first, first > 1 {
      rungs.insert((first + 1) / 2, at: 0)
      left = (left + 1) / 2
    }
    return rungs
  }

  private func ranked(_ candidates: [TuneCandidate], _ state: TuneState) -> [TuneCandidate] {
    candidates.sorted { a, b in
      let scores = [a, b].map { state.scores[$0.number]?.accuracy ?? 0 }
      return scores[0] != scores[1] ? scores[0] > scores[1] : a.number < b.number
    }
  }

  /// Pictures that score, and the others.
  private func kept(_ all: TrainingImages) throws -> (validation: TrainingImages, training: TrainingImages) {
    var random = SplitMix64(seed: options.seed ^ 0x5EED)
    let order = random.permutation(all.count)
    let count = Int((Double(all.count) * validation).rounded())
    guard count > 0, count < all.count else {
      throw ToolError("\(all.count) training pictures are too few to keep \(validation) of them for scores.")
    }
    return (all.subset(order.prefix(count).sorted()), all.subset(order.dropFirst(count).sorted()))
  }

  /// All that decides the table.
  private func settings(
    _ known: any Architecture, _ training: TrainingImages, _ validation: TrainingImages
  ) throws -> [String: String] {
    var settings = try options.settings(known, training)
    settings["trials"] = "\(trials)"
    settings["search"] = search.rawValue
    settings["rates"] = rates
    settings["widths"] = widths
    settings["fixed-changes"] = "\(fixedChanges)"
    settings["validation"] = "\(validation.count) (\(String(validation.fingerprint, radix: 16)))"
    if let budgetArena { settings["budget-arena"] = "\(budgetArena)" }
    if let budgetMacs { settings["budget-macs"] = "\(budgetMacs)" }
    return settings
  }
}

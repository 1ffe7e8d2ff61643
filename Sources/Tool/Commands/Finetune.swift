import ArgumentParser
import CHost
import Compiler
import Datasets
import Finetuning
import Foundation
import Martlet

/// `martlet finetune BACKBONE.martlet --data DIR -o OUT.martlet`.
struct Finetune: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Teaches a packed network your own classes from a few dozen pictures.",
    discussion: """
      --data is a folder with a sub-folder for each class, or with train and val halves of such folders. The network stays as
      it is up to a layer; a new classifier is trained on what that layer says of the pictures, rounded to int8 and packed.
      Features are kept beside the output: an interrupted run goes on, and another kind of head costs only its training.
      Example: martlet finetune mobilenet.martlet --data photos/ -o mine.martlet
      """)

  @Argument(help: "The packed network to learn from; it is not changed.", completion: .file())
  var backbone: String

  @Option(help: "Labelled pictures.", completion: .file())
  var data: String

  @Option(name: .shortAndLong, help: "Where the new model goes.", completion: .file())
  var out: String?

  @Option(
    help: "Write the head alone, a few kilobytes that fit this network only (.martlet-head).", completion: .file())
  var patch: String?

  @Option(help: "Also write the network up to its features: what a device needs that learns by itself.")
  var extractor: String?

  @Option(help: "softmax, hidden, svm, imprint or mean.")
  var head: HeadKind = .softmax

  @Option(help: "The layer whose output is learned from; by default what the network's classifier reads.")
  var features: String?

  @Option(help: "The share of the pictures that is held back to measure with, unless there is a half for that.")
  var validation = 0.2

  @Option(
    help: "Also train K heads, each without another Kth of the pictures, and measure each on what it has not seen.")
  var folds: Int?

  @Option(help: "See each picture so often: as it is, mirrored, then parts of it.")
  var views = 1

  @Option(help: "Learn from at most this many pictures a class.")
  var perClass: Int?

  @Option(help: "softmax, hidden: how strongly large weights are held down; by default 0.02 ÷ examples, hidden 0.0001.")
  var l2: Float?

  @Option(help: "svm: what a picture on the wrong side costs.")
  var cost: Float = 10

  @Option(help: "hidden: units of the layer.")
  var hiddenUnits = 64

  @Option(help: "The most steps (softmax: 1000) or epochs (hidden: 60, svm: 200).")
  var steps: Int?

  @Flag(help: "Let classes with more pictures count more.")
  var unbalanced = false

  @Option(help: "Decides what is held back, the order of examples and first weights.")
  var seed: UInt64 = 1

  @Option(help: "Where features are kept; by default beside the output.", completion: .file())
  var cache: String?

  @Flag(help: "Keep no features, and no state of --from.")
  var noCache = false

  @Option(help: "Threads that read pictures and run the network.")
  var threads = 2

  @Flag(help: "Say which layers to train on these pictures, and why, and train none.")
  var advise = false

  @OptionGroup(title: "Deeper") var deeper: DeepFinetuningOptions
  @OptionGroup var json: OutputOptions

  func validate() throws {
    guard out != nil || patch != nil || advise else {
      throw ValidationError("Give -o OUT.martlet, --patch FILE.martlet-head, or both.")
    }
    guard deeper.from == nil || (patch == nil && extractor == nil && out != nil) else {
      throw ValidationError("--from changes the network itself: it takes -o, and no --patch or --extractor.")
    }
    guard validation >= 0, validation <= 0.9 else { throw ValidationError("--validation must lie in 0…0.9.") }
    guard folds ?? 2 >= 2, folds ?? 2 <= 100 else { throw ValidationError("--folds must lie in 2…100.") }
    guard (1...32).contains(views) else { throw ValidationError("--views must lie in 1…32.") }
    guard perClass ?? 1 >= 1, steps ?? 1 >= 1 else {
      throw ValidationError("--per-class and --steps must be at least 1.")
    }
    guard l2 ?? 0 >= 0, l2 ?? 0 <= 1000, cost > 0, cost.isFinite else {
      throw ValidationError("--l2 must lie in 0…1000, and --cost be over 0.")
    }
    guard (1...4096).contains(hiddenUnits), (1...64).contains(threads) else {
      throw ValidationError("--hidden-units must lie in 1…4096, and --threads in 1…64.")
    }
  }

  func run() throws {
    for path in [out, patch, extractor, cache, deeper.checkpoint].compactMap(\.self) where isSameFile(path, backbone) {
      throw ToolError("\(path) is the network itself: choose another name, the network is not changed.")
    }
    let packed = try PackedModel(backbone)
    let file = packed.file.copy()
    let point = try features.map { try FeaturePoint.named($0, in: file) } ?? FeaturePoint.classifierInput(of: file)
    let run = FinetuneRun(
      backbone: file, point: point, rules: try packed.preprocessing?.rules(), sets: try PictureSets(data),
      options: HeadOptions(
        kind: head, regularization: l2, cost: cost, hiddenUnits: hiddenUnits, steps: steps, isBalanced: !unbalanced,
        seed: seed))
    if advise { return try giveAdvice(run) }
    let start = ContinuousClock.now
    let interruption = deeper.from == nil ? nil : Interruption()
    let material = try run.gather(choice(cache: noCache ? nil : cachePath, interruption))
    var report = FinetuneReport()
    report.seconds.features = start.duration(to: .now) / .seconds(1)
    warn(material)
    try finish(run, material, packed.preprocessing, interruption, &report)
    try json.emit(report) { report.show() }
  }

  private func choice(cache: String?, _ interruption: Interruption? = nil) -> FinetuneRun.Choice {
    .init(
      fraction: validation, perClass: perClass, variants: views, cache: cache, threads: threads,
      interruption: interruption)
  }

  private func giveAdvice(_ run: FinetuneRun) throws {
    let advice = try run.advice(choice(cache: nil), folds: folds ?? 5)
    try json.emit(FinetuneAdvice(advice: advice.rule.rawValue, reasons: advice.reasons)) {
      print("train        \(advice.rule.rawValue)")
      for reason in advice.reasons { print("             \(reason)") }
    }
  }

  /// Trains, measures, packs.
  private func finish(
    _ run: FinetuneRun, _ material: FinetuneRun.Material, _ preprocessing: PreprocessingRecord?,
    _ interruption: Interruption?, _ report: inout FinetuneReport
  ) throws {
    let start = ContinuousClock.now
    let isHeldBack = material.validation.count > 0
    let trained = try trainHead(
      on: material.training, validation: isHeldBack ? material.validation : nil, options: run.options)
    let measured = isHeldBack ? material.validation : material.training
    let names = run.sets.classNames
    let confusion = Confusion(try trained.scores(of: measured), labels: measured.labels, classNames: names)
    report.trainingAccuracy =
      Confusion(try trained.scores(of: material.training), labels: material.training.labels, classNames: names).accuracy
    if let folds { report.foldAccuracies = try run.crossValidate(material.all, folds: folds).accuracies }
    report.seconds.training = start.duration(to: .now) / .seconds(1)

    let packing = ContinuousClock.now
    let bytes = try trained.patch(HeadPlace(file: run.backbone, point: run.point, classNames: names))
    if let interruption {
      var deep = try DeepFinetuningRun(
        run, material, deeper, beginning: layer(of: trained), views: views, preprocessing: preprocessing,
        checkpoint: checkpointPath, interruption: interruption)
      let result = try deep()
      report.epochs = result.epochs
      report.quantizationAwareEpochs = result.awareEpochs
      try write(result.model, run, material, isHeldBack, &report)
      deep.finish()
    } else {
      try pack(bytes, run, material, isHeldBack, &report)
    }
    report.seconds.packing = packing.duration(to: .now) / .seconds(1)
    report.steps = trained.steps
    describe(run, material, confusion, isHeldBack, &report)
  }

  private func pack(
    _ head: [UInt8], _ run: FinetuneRun, _ material: FinetuneRun.Material, _ isHeldBack: Bool,
    _ report: inout FinetuneReport
  ) throws {
    let provenance = [
      ("head", "\(run.options.kind.rawValue) on \(run.point.name)"),
      ("head examples", "\(material.training.count)"), ("head seed", "\(seed)"),
    ]
    let model = try HeadFile(head).merged(into: run.backbone, provenance: provenance)
    try write(model, run, material, isHeldBack, &report)
    report.patchBytes = head.count
    if let patch {
      try AtomicFile.write(head, to: patch)
      report.patch = patch
    }
    if let extractor { try AtomicFile.write(addSelfTest(to: material.extractor), to: extractor) }
  }

  /// Runs the packed model on the pictures to measure with, and writes it.
  private func write(
    _ untested: [UInt8], _ run: FinetuneRun, _ material: FinetuneRun.Material, _ isHeldBack: Bool,
    _ report: inout FinetuneReport
  ) throws {
    let model = try addSelfTest(to: untested)
    let items =
      isHeldBack
      ? material.validationItems
      : zip(material.training.items, material.training.labels).map { (index: $0, label: $1) }
    let progress = Progress("checking")
    report.packedAccuracy = try packedConfusion(
      model, isHeldBack ? material.validationData : run.sets.training, items: items, classNames: run.sets.classNames,
      rules: run.rules, threads: threads
    ) { progress.update($0, of: $1) }.accuracy
    progress.finish()
    guard let out else { return }
    try AtomicFile.write(model, to: out)
    report.modelBytes = model.count
    report.output = out
  }

  private func describe(
    _ run: FinetuneRun, _ material: FinetuneRun.Material, _ confusion: Confusion, _ isHeldBack: Bool,
    _ report: inout FinetuneReport
  ) {
    report.head = run.options.kind.rawValue
    report.features = run.point.name
    report.featureCount = run.point.channels
    report.isPooled = run.point.isPooled
    report.trainingImages = Set(material.training.items).count
    report.validationImages = material.validation.count
    report.measuredOn = isHeldBack ? "validation" : "training"
    report.floatAccuracy = confusion.accuracy
    var counts = [Int](repeating: 0, count: run.sets.classNames.count)
    var seen: Set<Int> = []
    for (item, label) in zip(material.training.items, material.training.labels) where seen.insert(item).inserted {
      counts[label] += 1
    }
    let held = material.validation.counts
    report.classes = run.sets.classNames.indices.map {
      .init(
        name: run.sets.classNames[$0], trainingImages: counts[$0], validationImages: held[$0],
        precision: confusion.precision(of: $0), recall: confusion.recall(of: $0))
    }
    report.confusion = confusion.counts
    report.unreadable = material.unreadable.map { .init(file: $0.name, reason: $0.reason) }
    report.duplicates = material.duplicates.acrossSplits
    report.contradictions = material.duplicates.acrossClasses
    report.computedFeatures = material.computed
    report.arenaBytes = material.arenaBytes
    report.headArenaBytes = try? HeadShape(material.training).arenaBytes
    report.peakRssBytes = Int(martlet_host_peak_resident_bytes())
  }

  /// What a person should know of the pictures.
  private func warn(_ material: FinetuneRun.Material) {
    for item in material.unreadable { note("skipped: \(item.reason)") }
    if !material.unreadable.isEmpty { note("\(material.unreadable.count) pictures were skipped") }
    for pair in material.duplicates.acrossSplits.prefix(5) {
      note("the same picture is learned from and measured with: \(pair.joined(separator: " and "))")
    }
    let count = material.duplicates.acrossSplits.count
    if count > 0 { note("\(count) of the pictures held back are also learned from: the accuracy is too good by them") }
    for pair in material.duplicates.acrossClasses.prefix(5) {
      note("the same picture is in two classes: \(pair.joined(separator: " and "))")
    }
    let counts = material.training.counts
    if let least = counts.min(), let most = counts.max(), least > 0, most >= 4 * least {
      note(
        "one class has \(most) examples and another \(least)"
          + (unbalanced ? ": leave --unbalanced out to count them alike" : "; they count alike"))
    }
  }

  private var checkpointPath: String? { deeper.checkpoint ?? (noCache ? nil : out.map { "\($0).checkpoint" }) }

  private var cachePath: String { cache ?? "\(out ?? patch ?? backbone).features" }

  private func isSameFile(_ first: String, _ second: String) -> Bool {
    URL(fileURLWithPath: first).resolvingSymlinksInPath().standardizedFileURL
      == URL(fileURLWithPath: second).resolvingSymlinksInPath().standardizedFileURL
  }
}

/// What `--advise` prints as JSON.
private struct FinetuneAdvice: Encodable {
  let advice: String
  let reasons: [String]
}

extension HeadKind: ExpressibleByArgument {}

import Finetuning

/// What `martlet finetune` prints.
struct FinetuneReport: Encodable {
  struct Class: Encodable {
    let name: String
    let trainingImages: Int
    let validationImages: Int
    let precision: Double?
    let recall: Double?
  }

  struct Unreadable: Encodable {
    let file: String
    let reason: String
  }

  struct Seconds: Encodable {
    var features = 0.0
    var training = 0.0
    var packing = 0.0
  }

  var head = ""
  var features = ""
  var featureCount = 0
  var isPooled = false
  var steps = 0
  var trainingImages = 0
  var validationImages = 0
  /// What the accuracies were measured on: "validation" or, where nothing was held back, "training".
  var measuredOn = ""
  var trainingAccuracy = 0.0
  var floatAccuracy = 0.0
  var packedAccuracy: Double?
  var foldAccuracies: [Double]?
  /// Of --from: the float network, on what `measuredOn` says.
  var epochs: [DeepPosition.Epoch]?
  /// Of --quantize-aware: the int8 network, likewise.
  var quantizationAwareEpochs: [DeepPosition.Epoch]?
  var classes: [Class] = []
  var confusion: [[Int]] = []
  var unreadable: [Unreadable] = []
  var duplicates: [[String]] = []
  var contradictions: [[String]] = []
  var computedFeatures = 0
  var seconds = Seconds()
  var arenaBytes = 0
  /// What a device needs to train the same head.
  var headArenaBytes: Int?
  var modelBytes: Int?
  var patchBytes = 0
  var peakRssBytes = 0
  var output: String?
  var patch: String?

  /// The report as text.
  func show() {
    print("head         \(head) on \(features), \(featureCount) features\(isPooled ? " (means over pixels)" : "")")
    print("pictures     \(trainingImages) to learn from, \(validationImages) held back")
    let held = measuredOn == "validation" ? "of the pictures held back" : "of the pictures that it learned from"
    print("accuracy     \(percent(floatAccuracy)) \(held), before rounding")
    if let last = epochs?.map(\.accuracy).max() { print("             \(percent(last)) \(held), the float network") }
    if let last = quantizationAwareEpochs?.map(\.accuracy).max() {
      print("             \(percent(last)) \(held), the int8 network in training")
    }
    if let packedAccuracy { print("             \(percent(packedAccuracy)) \(held), the packed model") }
    if let foldAccuracies, !foldAccuracies.isEmpty {
      let mean = foldAccuracies.reduce(0, +) / Double(foldAccuracies.count)
      print(
        "folds        \(percent(mean)) on average of \(foldAccuracies.count): "
          + foldAccuracies.map(percent).joined(separator: " "))
    }
    print(
      "time         \(seconds.features.digits(2)) s features (\(computedFeatures) computed), "
        + "\(seconds.training.digits(2)) s training, \(seconds.packing.digits(2)) s "
        + "\(epochs == nil ? "" : "training layers, ")packing and checking")
    if let output, let modelBytes { print("written      \(output), \(modelBytes.grouped) bytes") }
    if let patch { print("written      \(patch), \(patchBytes.grouped) bytes") }
    print()
    var table = Table("class", "pictures", "held back", "precision", "recall")
    for entry in classes {
      table.add(
        entry.name, "\(entry.trainingImages)", "\(entry.validationImages)", entry.precision.map(percent) ?? "-",
        entry.recall.map(percent) ?? "-")
    }
    table.print()
    if classes.count <= 12 { showConfusion() }
  }

  /// True classes down, decisions across.
  private func showConfusion() {
    print("\ndecided →    \(classes.map(\.name).joined(separator: " · "))")
    for (entry, row) in zip(classes, confusion) {
      print("\(entry.name.padding(to: 12)) \(row.map { "\($0)" }.joined(separator: " · "))")
    }
  }

  private func percent(_ share: Double) -> String { "\((share * 100).digits(1)) %" }
}

import Compiler

/// The table of a search: text, JSON, comma-separated values.
struct TuneReport {
  private struct Row: Encodable {
    let trial: Int
    let rate: Float
    let width: Double
    let shift: Int
    let flip: Bool
    let cutout: Int
    let mixup: Double
    let parameters: Int
    let macs: Int
    let arenaBytes: Int
    let epochs: Int
    let validationAccuracy: Double?
    let note: String?
  }

  private struct Result: Encodable {
    let trials: [Row]
    let best: Int?
    let command: String?
  }

  private let result: Result

  /// Trials that went furthest first, among them the most accurate; refused candidates last.
  init(
    _ candidates: [TuneCandidate], _ state: TuneState, architecture: String, data: String, _ options: TrainingOptions
  ) {
    let rows = candidates.map { candidate in
      let score = state.scores[candidate.number]
      return Row(
        trial: candidate.number, rate: candidate.rate, width: candidate.width, shift: candidate.shift,
        flip: candidate.flip, cutout: candidate.cutout, mixup: candidate.mixup, parameters: candidate.parameters,
        macs: candidate.macs, arenaBytes: candidate.arenaBytes, epochs: score?.epochs ?? 0,
        validationAccuracy: score?.accuracy, note: candidate.refusal.map { "refused: \($0)" } ?? score?.failure)
    }
    let sorted = rows.sorted { a, b in
      if a.epochs != b.epochs { return a.epochs > b.epochs }
      let accuracies = [a, b].map { $0.validationAccuracy ?? -1 }
      return accuracies[0] != accuracies[1] ? accuracies[0] > accuracies[1] : a.trial < b.trial
    }
    let best = sorted.first { $0.validationAccuracy != nil && $0.note == nil }
    let command = candidates.first { $0.number == best?.trial }.map { candidate in
      "martlet train \(architecture.lowercased()) --data \(data) --epochs \(options.epochs) --batch \(options.batch) "
        + "--seed \(options.seed) \(candidate.flags) -o WEIGHTS.safetensors"
    }
    result = Result(trials: sorted, best: best?.trial, command: command)
  }

  /// Prints it, and writes the file of comma-separated values.
  func emit(_ output: OutputOptions, log: String?) throws {
    if let log { try AtomicFile.write(csv.utf8, to: log) }
    try output.emit(result) {
      var table = Table(
        "trial", "rate", "width", "shift", "flip", "cutout", "mixup", "parameters", "MACs", "arena", "epochs",
        "validation", "note")
      for row in result.trials {
        table.add(
          "\(row.trial)", "\(row.rate)", "\(row.width)", "\(row.shift)", row.flip ? "yes" : "no", "\(row.cutout)",
          "\(row.mixup)", row.parameters.grouped, row.macs.grouped, row.arenaBytes.grouped, "\(row.epochs)",
          row.validationAccuracy.map { ($0 * 100).digits(2) + " %" } ?? "", row.note ?? "")
      }
      table.print()
      if let command = result.command { print("the best on the pictures kept back: \(command)") }
    }
  }

  private var csv: String {
    var lines = [
      "trial,rate,width,shift,flip,cutout,mixup,parameters,macs,arena_bytes,epochs,validation_accuracy,note"
    ]
    for row in result.trials {
      let accuracy = row.validationAccuracy.map { $0.digits(6) } ?? ""
      let text = (row.note ?? "").replacing("\"", with: "\"\"")
      lines.append(
        "\(row.trial),\(row.rate),\(row.width),\(row.shift),\(row.flip),\(row.cutout),\(row.mixup),\(row.parameters),"
          + "\(row.macs),\(row.arenaBytes),\(row.epochs),\(accuracy),\(text.isEmpty ? "" : "\"\(text)\"")")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

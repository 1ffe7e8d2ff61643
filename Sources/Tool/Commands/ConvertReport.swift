import Compiler
import Foundation

/// What `martlet convert` says when it has written a file.
extension Convert {
  private struct Result: Encodable {
    let model: String
    let fileBytes: Int
    let arenaBytes: Int
    let arenaLowerBoundBytes: Int
    /// With the first input inside, and given row by row.
    let arenaBytesWholeInput: Int?
    let arenaBytesPushedRows: Int?
    let parameters: Int
    let macs: Int
    let calibrationImages: Int
    let checkedImages: Int
    let top1Agreement: Double?
    let signalToNoiseDb: Double
    let largestError: Float
    let notes: [String]
    let repairs: [RepairResult]
    let contract: [Contract.Clause]?
    /// What a search for widths found.
    let widths: WidthReport?
  }

  private struct RepairResult: Encodable {
    let repair: String
    let isOn: Bool
    let gainDb: Double?

    var words: String {
      guard let gainDb else { return isOn ? "made" : "left out" }
      guard isOn else { return "left out: it would cost \((-gainDb).digits(1)) dB" }
      return "\(gainDb < 0 ? "" : "+")\(gainDb.digits(1)) dB"
    }
  }

  /// Prints what came out.
  func report(_ compiled: CompiledModel, _ clauses: [Contract.Clause]?, _ widths: WidthReport?) throws {
    let report = compiled.report
    let result = Result(
      model: out, fileBytes: compiled.bytes.count, arenaBytes: report.arenaBytes,
      arenaLowerBoundBytes: report.lowerBoundBytes,
      arenaBytesWholeInput: pushRows ? report.otherInputArenaBytes : report.arenaBytes,
      arenaBytesPushedRows: pushRows ? report.arenaBytes : report.otherInputArenaBytes, parameters: report.parameters,
      macs: report.macs,
      calibrationImages: report.calibrationExamples, checkedImages: report.agreement.examples,
      top1Agreement: report.agreement.top1, signalToNoiseDb: report.agreement.signalToNoiseDecibels,
      largestError: report.agreement.largestError, notes: report.notes,
      repairs: report.repairs.map {
        RepairResult(repair: $0.repair.rawValue, isOn: $0.isOn, gainDb: $0.gainDecibels)
      }, contract: clauses, widths: widths)
    try output.emit(result) {
      print("written      \(out), \(result.fileBytes.grouped) bytes, \(result.parameters.grouped) parameters")
      print("arena        \(result.arenaBytes.grouped) bytes (lower bound \(result.arenaLowerBoundBytes.grouped))")
      if let whole = result.arenaBytesWholeInput, let pushed = result.arenaBytesPushedRows {
        print("             \(whole.grouped) with the first input inside, \(pushed.grouped) with its rows pushed")
      }
      for clause in clauses ?? [] {
        print("contract     \(clause.term) \(Contract.number(clause.measured)) of \(Contract.number(clause.limit))")
      }
      guard result.checkedImages > 0 else {
        print("quantization of the source, kept as it is")
        for text in Self.condensed(result.notes) { print("note         \(text)") }
        return
      }
      print("calibrated   on \(result.calibrationImages) inputs, ranges by \(calibrationMethod)")
      let isMixed = !int4Layers.isEmpty || !int16Layers.isEmpty || widths != nil
      let kind = isMixed ? "packed" : activations == 16 ? "int16" : "int8"
      var line = "\(kind) ~ float \(result.signalToNoiseDb.digits(1)) dB signal to noise"
      if let agreement = result.top1Agreement {
        line +=
          ", the same first class on \((agreement * 100).digits(1)) % of \(result.checkedImages) calibration inputs"
      }
      print(line)
      for repair in result.repairs {
        print("repair       \(repair.repair.padding(to: 16)) \(repair.words)")
      }
      widths?.print()
      for text in Self.condensed(result.notes) { print("note         \(text)") }
    }
  }

  /// Notes that say the same of several places, as one line each.
  private static func condensed(_ notes: [String]) -> [String] {
    var order: [String] = []
    var places: [String: [String]] = [:]
    for note in notes {
      let parts = note.split(separator: ":", maxSplits: 1).map(String.init)
      let text = parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : note
      if places[text] == nil { order.append(text) }
      places[text, default: []].append(parts[0])
    }
    return order.map { text in
      let all = places[text] ?? []
      guard all.count > 3 else { return all.map { $0 == text ? text : "\($0): \(text)" }.joined(separator: "; ") }
      return "\(all.count) places, the first \(all[0]): \(text) (--json lists them)"
    }
  }
}

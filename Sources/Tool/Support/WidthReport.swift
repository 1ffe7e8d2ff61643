import Compiler
import Foundation

/// What a search for widths found, as people and scripts read it.
struct WidthReport: Encodable {
  struct Layer: Encodable {
    let name: String
    let kind: String
    let width: String
    let int8Bytes: Int
    /// Decibels below the first output's power.
    let int4NoiseDb: Double?
  }
  struct Drop: Encodable {
    let images: Int
    let points: Double
    let standardError: Double

    init(_ drop: AccuracyDrop) {
      (images, points, standardError) = (drop.examples, drop.points, drop.standardError)
    }
  }

  /// Nil: the budget was one of noise.
  let maxDropPoints: Double?
  let comparedWithLabels: Bool
  let int8: Drop
  let chosen: Drop
  let heldBack: Drop
  let int8SignalToNoiseDb: Double
  let signalToNoiseDb: Double
  let trials: Int
  let layers: [Layer]

  init(_ search: WidthSearch, maxDrop: Double?) {
    (maxDropPoints, comparedWithLabels, trials) = (maxDrop, search.isLabelled, search.trials)
    (int8, chosen, heldBack) = (Drop(search.int8Drop), Drop(search.searchedDrop), Drop(search.heldBackDrop))
    (int8SignalToNoiseDb, signalToNoiseDb) = (search.int8Decibels, search.decibels)
    layers = search.layers.map { layer in
      Layer(
        name: layer.name, kind: layer.kind, width: layer.width.rawValue, int8Bytes: layer.int8Bytes,
        int4NoiseDb: layer.int4Noise.map { 10 * log10($0) })
    }
  }

  /// A line for each layer, then what was lost.
  func print() {
    var table = Table("layer", "kind", "width", "bytes in int8", "noise of int4 alone")
    for layer in layers {
      let noise = layer.int4NoiseDb.map { $0.isFinite ? "\($0.digits(1)) dB" : "none" } ?? ""
      table.add(layer.name, layer.kind, layer.width, layer.int8Bytes.grouped, noise)
    }
    table.print()
    let counts = ["int4", "int8", "int16"].map { width in (width, layers.count { $0.width == width }) }
    Swift.print(
      "widths       " + counts.filter { $0.1 > 0 }.map { "\($0.1) layers \($0.0)" }.joined(separator: ", "))
    let what = comparedWithLabels ? "points of top-1" : "points of agreement with float"
    Swift.print(
      "drop         \(Self.text(chosen)) \(what) on \(chosen.images) inputs (int8 alone: \(Self.text(int8))); "
        + "\(Self.text(heldBack)) on \(heldBack.images) kept back")
  }

  private static func text(_ drop: Drop) -> String { "\(drop.points.digits(2)) ± \(drop.standardError.digits(2))" }
}

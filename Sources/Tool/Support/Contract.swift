import ArgumentParser
import CHost
import Compiler
import Foundation
import Martlet

/// What a packed model must keep to; a conversion that does not is refused (`martlet convert --contract`).
struct Contract {
  /// One limit.
  enum Term: String, CaseIterable {
    /// Bytes of the arena, at most.
    case arenaBytes = "arena_bytes"
    /// Bytes of the file, at most.
    case flashBytes = "flash_bytes"
    /// Percentage points of the calibration inputs whose first class changes, at most.
    case maximumDrop = "maximum_drop"
    /// Operators that compute with floating-point tensors, when that is `false`.
    case floatOperators = "float_operators"
    /// Latency relative to that of the same network with whole tensors, at most.
    case latencyRatio = "latency_ratio"
  }

  /// One limit and what was measured.
  struct Clause: Encodable {
    let term: String
    let limit: Double
    /// Nil where it cannot be measured.
    let measured: Double?
    let isKept: Bool
    /// In a sentence.
    let text: String
  }

  /// The exit code of a conversion that would break its contract; nothing is written then.
  static let exitCode: Int32 = 3

  private(set) var limits: [Term: Double] = [:]

  /// Whether the latency of whole tensors has to be known.
  var comparesLatency: Bool { limits[.latencyRatio] != nil }
  /// Whether the first classes of many inputs have to be compared.
  var limitsDrop: Bool { limits[.maximumDrop] != nil }

  /// Reads a JSON object of limits.
  /// - Throws: a sentence when it is none, or has a key or a value that no contract has.
  init(contentsOf path: String) throws {
    let file = try MappedFile(path)
    let bytes = file.bytes.count <= 1 << 16 ? file.copy() : []
    guard let object = try? JSONDecoder().decode([String: Value].self, from: Data(bytes)) else {
      throw ToolError("\(path) is no contract: it must be a JSON object such as {\"arena_bytes\": 262144}.")
    }
    guard !object.isEmpty else { throw ToolError("\(path) is an empty contract: give it at least one limit.") }
    for (key, value) in object.sorted(by: { $0.key < $1.key }) {
      guard let term = Term(rawValue: key) else {
        let known = Term.allCases.map(\.rawValue).joined(separator: ", ")
        throw ToolError("\(path): a contract has no \(key); it may have \(known).")
      }
      switch (term, value) {
      case (.floatOperators, .answer(let isAllowed)): if !isAllowed { limits[term] = 0 }
      case (.floatOperators, _): throw ToolError("\(path): \(key) must be true or false.")
      case (_, .number(let number)) where number >= 0 && number <= 1e15: limits[term] = number
      default: throw ToolError("\(path): \(key) must be a number from 0 to 1e15.")
      }
    }
  }

  /// What may stand in a contract.
  private enum Value: Decodable {
    case answer(Bool)
    case number(Double)
    case other

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let answer = try? container.decode(Bool.self) {
        self = .answer(answer)
      } else {
        self = (try? container.decode(Double.self)).map(Value.number) ?? .other
      }
    }
  }

  /// A measured number, in whole bytes where it is one.
  static func number(_ value: Double?) -> String {
    guard let value else { return "unknown" }
    return value == value.rounded() && value < 1e15 ? Int(value).grouped : value.digits(2)
  }

  /// Every limit beside what this model needs.
  func clauses(_ compiled: CompiledModel) throws -> [Clause] {
    var clauses: [Clause] = []
    for term in Term.allCases {
      guard let limit = limits[term] else { continue }
      clauses.append(try clause(term, limit, compiled))
    }
    return clauses
  }

  private func clause(_ term: Term, _ limit: Double, _ compiled: CompiledModel) throws -> Clause {
    let report = compiled.report
    func clause(_ measured: Double?, _ text: String) -> Clause {
      Clause(
        term: term.rawValue, limit: limit, measured: measured, isKept: measured.map { $0 <= limit } ?? false, text: text
      )
    }
    switch term {
    case .arenaBytes:
      return clause(
        Double(report.arenaBytes),
        "the arena takes \(report.arenaBytes.grouped) bytes of \(Int(limit).grouped); --arena BYTES looks for a smaller plan"
      )
    case .flashBytes:
      return clause(
        Double(compiled.bytes.count),
        "the file takes \(compiled.bytes.count.grouped) bytes of \(Int(limit).grouped); a narrower network is smaller")
    case .maximumDrop:
      guard let agreement = report.agreement.top1 else {
        return clause(nil, "no first classes can be compared, so that the drop is not known; leave maximum_drop out")
      }
      let drop = ((1 - agreement) * 1e6).rounded() / 1e4
      return clause(
        drop,
        "the first class changes on \(drop.digits(2)) % of \(report.agreement.examples) calibration inputs, \(limit) are "
          + "allowed; `martlet compare` shows which layers cost most")
    case .floatOperators:
      let count = try Self.floatOperators(compiled.bytes)
      return clause(Double(count), "\(count) operators have floating-point tensors, none is allowed")
    case .latencyRatio:
      guard let whole = compiled.wholeTensorBytes else {
        return clause(nil, "the latency of whole tensors is not known; leave latency_ratio out")
      }
      let ratio = try LatencyRatio.measure(compiled.bytes, against: whole)
      return clause(
        ratio,
        "it takes \(ratio.digits(2)) times as long as with whole tensors, \(limit) are allowed; --arena whole is the fastest plan"
      )
    }
  }

  /// Operators whose result is neither int8, int16 nor int32.
  private static func floatOperators(_ bytes: [UInt8]) throws -> Int {
    let runner = try Compiler.ModelRunner(bytes)
    return (0..<runner.model.operatorCount).count { index in
      runner.model.tensor(Int(runner.model.operatorRecord(index).output)).element == nil
    }
  }
}

/// Which of two packed forms of one network is faster, on this machine and now.
enum LatencyRatio {
  /// The least latency of the one divided by the least latency of the other, of runs in turn.
  static func measure(_ bytes: [UInt8], against other: [UInt8]) throws -> Double {
    let models = try [bytes, other].map { try PackedModel(file: MappedFile("the packed model", bytes: $0)) }
    var least = [UInt64](repeating: .max, count: 2)
    let started = martlet_host_nanoseconds()
    var runs = 0
    while runs < 16 || (runs < 2000 && martlet_host_nanoseconds() - started < 500_000_000) {
      for (index, model) in models.enumerated() {
        let start = martlet_host_nanoseconds()
        model.run()
        least[index] = min(least[index], martlet_host_nanoseconds() - start)
      }
      runs += 1
    }
    return Double(least[0]) / Double(max(1, least[1]))
  }
}

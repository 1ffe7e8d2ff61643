/// What `martlet bench` measured as a page: latency over the runs, where the time goes, memory.
struct BenchPage {
  let title: String
  let latency: Bench.Latency
  let nanoseconds: [UInt64]
  /// What it was measured on, in words.
  var machine: String
  /// Names and numbers of what was measured, in order.
  var facts: [(name: String, value: String)]
  var operators: [Bench.OperatorTime] = []
  /// What the kernels reach on data in the nearest cache, in GMAC/s on one thread.
  var peakGmacPerS: Double?

  /// Of a packed model.
  init(title: String, result: Bench.Result, nanoseconds: [UInt64]) {
    self.init(title: title, latency: result.latencyMs, nanoseconds: nanoseconds, threads: result.threads)
    machine += ", kernels for \(result.isa)"
    facts += [
      ("multiply-accumulates", result.macs.grouped),
      ("GMAC/s", result.gmacPerS.digits(1)), ("arena, bytes", result.arenaBytes.grouped),
      ("model file, bytes", result.modelBytes.grouped), ("allocations while running", "\(result.allocations)"),
      ("process, bytes resident at most", result.peakRssBytes.grouped),
      ("of them private at the end", result.privateBytes.grouped),
    ]
    operators = result.operators
    peakGmacPerS = result.peakGmacPerS
  }

  /// Of a float network.
  init(title: String, latency: Bench.Latency, nanoseconds: [UInt64], threads: Int) {
    self.title = title
    self.latency = latency
    self.nanoseconds = nanoseconds
    let host = Machine.this
    machine = "Martlet \(toolVersion) on \(host.processor), \(host.cores) cores"
    facts = [
      ("latency, median, ms", latency.median.digits(3)), ("minimum, ms", latency.min.digits(3)),
      ("90 % of the runs within, ms", latency.p90.digits(3)), ("99 % within, ms", latency.p99.digits(3)),
      ("slowest, ms", (Double(nanoseconds.max() ?? 0) / 1e6).digits(3)),
      ("runs", nanoseconds.count.grouped), ("threads", "\(threads)"),
    ]
  }

  /// The whole file.
  var html: String {
    var page = Page(title: title)
    page.addText(machine)
    page.addTable(["", .numbers("")], facts.map { [$0.name, $0.value] })
    page.addHeading("Latency")
    page.parts.append(LatencyChart(nanoseconds: nanoseconds).svg)
    if !operators.isEmpty {
      addKinds(to: &page)
      addOperators(to: &page)
    }
    return page.html
  }

  private var sum: Double { max(operators.reduce(0) { $0 + $1.medianUs }, 1e-9) }

  private func addKinds(to page: inout Page) {
    page.addHeading("Where the time goes")
    page.addText("Each operator alone, on one thread, the median of many runs, by kind.")
    let kinds = Dictionary(grouping: operators, by: \.kind).map { kind, entries in
      (kind, entries.count, entries.reduce(0) { $0 + $1.medianUs }, entries.reduce(0) { $0 + $1.macs })
    }
    page.addTable(
      ["kind", .numbers("operators"), .numbers("µs"), .numbers("share, %"), .numbers("GMAC/s")],
      kinds.sorted { ($0.2, $1.0) > ($1.2, $0.0) }.map { kind, count, microseconds, macs in
        [
          kind, "\(count)", microseconds.digits(1), (microseconds / sum * 100).digits(1), rate(macs, microseconds),
        ]
      })
  }

  private func addOperators(to page: inout Page) {
    page.addHeading("Operators")
    page.parts.append(
      BarChart(
        title: "µs, in the order of the network", series: ["median"],
        rows: operators.map { BarChart.Row(name: $0.name, values: [$0.medianUs]) }, text: { $0.digits(1) }
      ).svg)
    page.addTable(
      [
        "operator", "kind", .numbers("µs"), .numbers("share, %"), .numbers("multiply-accumulates"),
        .numbers("GMAC/s"), .numbers("of the peak, %"),
      ],
      operators.map { entry in
        [
          entry.name, entry.kind, entry.medianUs.digits(1), (entry.medianUs / sum * 100).digits(1), entry.macs.grouped,
          rate(entry.macs, entry.medianUs), ofPeak(entry),
        ]
      })
    if let peakGmacPerS {
      page.addText("The peak: \(peakGmacPerS.digits(0)) GMAC/s on data in the nearest cache, one thread.")
    }
  }

  private func rate(_ macs: Int, _ microseconds: Double) -> String {
    macs > 0 && microseconds > 0 ? (Double(macs) / microseconds / 1000).digits(1) : "-"
  }

  private func ofPeak(_ entry: Bench.OperatorTime) -> String {
    guard let peakGmacPerS, peakGmacPerS > 0, entry.macs > 0, entry.medianUs > 0 else { return "-" }
    return (Double(entry.macs) / entry.medianUs / 1000 / peakGmacPerS * 100).digits(0)
  }
}

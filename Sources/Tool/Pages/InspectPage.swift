/// What is in a model as a page: sizes, inputs and outputs, memory over time, work and weights by operator, provenance.
struct InspectPage {
  let title: String
  let result: Inspect.Result
  /// The arena over time; nil for a network that is not packed.
  var memory: MemoryMap?

  /// The whole file.
  var html: String {
    var page = Page(title: title)
    addSummary(to: &page)
    if let memory {
      page.addHeading("Memory")
      page.addText(
        "Each buffer from the turn in which it begins to the one in which it ends, at its place in the arena.")
      page.parts.append(MemoryChart(map: memory, title: title).svg)
    }
    addWork(to: &page)
    addOperators(to: &page)
    if let provenance = result.provenance, !provenance.isEmpty {
      page.addHeading("Provenance")
      page.addTable([""], provenance.map { [$0] })
    }
    return page.html
  }

  private func addSummary(to page: inout Page) {
    var facts: [[String]] = []
    func add(_ name: String, _ value: Int?) {
      if let value { facts.append([name, value.grouped]) }
    }
    add("format version", result.formatVersion)
    add("file, bytes", result.fileBytes)
    add("arena, bytes", result.arenaBytes)
    add("weights, bytes", result.weightsBytes)
    add("parameters", result.parameters)
    add("multiply-accumulates", result.macs)
    add("operators", result.operators.count)
    add("turns", result.turns)
    add("labels", result.labels)
    page.addTable(["", .numbers("")], facts)
    page.addHeading("Inputs and outputs")
    let tensors = result.inputs.map { ("input", $0) } + result.outputs.map { ("output", $0) }
    page.addTable(
      ["", "name", "shape", "type", .numbers("scale"), .numbers("zero point")],
      tensors.map { kind, tensor in
        [
          kind, tensor.name, tensor.shape.placesText, tensor.elementType ?? "float",
          tensor.scale.map { "\($0)" } ?? "", tensor.zeroPoint.map { "\($0)" } ?? "",
        ]
      })
    if result.takesRows == true { page.addText("The first input is given row by row.") }
  }

  private func addWork(to page: inout Page) {
    page.addHeading("Work and weights")
    func chart(_ title: String, _ value: @escaping (Inspect.OperatorSummary) -> Int) -> String {
      let rows = result.operators.filter { value($0) > 0 }.map {
        BarChart.Row(name: $0.name, values: [Double(value($0))])
      }
      return BarChart(title: title, series: ["in the order of the network"], rows: rows) { Int($0).grouped }.svg
    }
    page.parts.append(chart("Multiply-accumulates", \.macs))
    page.parts.append(chart("Weights, bytes", \.weightsBytes))
  }

  private func addOperators(to page: inout Page) {
    page.addHeading("Operators")
    page.addTable(
      [
        "operator", "kind", "input", "output", .numbers("multiply-accumulates"), .numbers("weights, bytes"),
        .numbers("scratch, bytes"),
      ],
      result.operators.map { entry in
        [
          entry.name, entry.kind, entry.input.map(\.placesText).joined(separator: " "), entry.output.placesText,
          entry.macs.grouped, entry.weightsBytes.grouped, entry.scratchBytes.grouped,
        ]
      })
  }
}

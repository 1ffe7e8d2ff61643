import Compiler

/// A comparison of a packed model with its float network as a page.
struct ComparisonPage {
  let title: String
  let comparison: NetworkComparison
  let examples: [WorstExample]

  /// The whole file.
  var html: String {
    var page = Page(title: title)
    addSummary(to: &page)
    addRanking(to: &page)
    addBars(to: &page)
    addCostliest(to: &page)
    addExamples(to: &page)
    addTable(to: &page)
    return page.html
  }

  private func addSummary(to page: inout Page) {
    var text =
      "Over \(comparison.examples.count) inputs the output has \(decibels(comparison.output.signalToNoiseDecibels)) "
      + "signal to noise; the largest error is \(comparison.output.maximumError)."
    if let agreement = comparison.top1Agreement {
      text += " The first class is the same on \((agreement * 100).digits(1)) % of them."
    }
    page.addText(text)
  }

  private func addRanking(to page: inout Page) {
    page.addHeading("What costs most")
    page.addText(
      "Each layer computes in int8 alone, everything else in float: what is left of the network's output. Less is worse."
    )
    let rows = comparison.ranking.prefix(10).enumerated().map { rank, place in
      let layer = comparison.layers[place]
      return [
        "\(rank + 1)", layer.name, layer.kind, number(layer.outputSignalToNoiseDecibels),
        number(layer.isolated.signalToNoiseDecibels), layer.causes.joined(separator: "; "),
      ]
    }
    page.addTable(
      [.numbers(""), "layer", "kind", .numbers("output, dB"), .numbers("itself, dB"), "what stands out"], rows)
  }

  private func addBars(to page: inout Page) {
    page.addHeading("Layers")
    let chart = BarChart(
      title: "Signal to noise, dB", series: ["as the model runs", "this layer alone"],
      rows: comparison.layers.map {
        BarChart.Row(
          name: $0.name, values: [$0.accumulated.signalToNoiseDecibels, $0.isolated.signalToNoiseDecibels])
      }, text: { self.decibels($0) })
    page.parts.append(chart.svg)
  }

  private func addCostliest(to page: inout Page) {
    page.addHeading("Ranges of the costliest layers")
    page.addText(
      "How often which values occur, on a logarithmic axis; what lies outside the red lines is clipped. Values are as they "
        + "are stored: divided by the scale of their channel, where channels were scaled.")
    let places = comparison.ranking.prefix(6)
    page.addPictures(
      places.map { place in
        let layer = comparison.layers[place]
        let chart = HistogramChart(title: layer.name, histogram: layer.histogram, held: layer.heldRange)
        return (chart.svg, "\((layer.saturatedShare * 100).digits(2)) % clipped, \(layer.channels.count) channels")
      })
    page.addHeading("Their worst channels")
    page.addTable(
      [
        "layer", .numbers("channel"), .numbers("of the error, %"), .numbers("dB"), .numbers("from"), .numbers("to"),
        .numbers("stored ÷"), "",
      ],
      places.flatMap { place -> [[String]] in
        let layer = comparison.layers[place]
        return layer.worstChannels.prefix(3).map { channel in
          let entry = layer.channels[channel]
          return [
            layer.name, "\(channel)", (entry.noiseShare * 100).digits(1), number(entry.signalToNoiseDecibels),
            HistogramChart.number(Double(entry.range.lowerBound)),
            HistogramChart.number(Double(entry.range.upperBound)),
            HistogramChart.number(Double(entry.scale)), entry.state == .alive ? "" : entry.state.rawValue,
          ]
        }
      })
  }

  private func addExamples(to page: inout Page) {
    guard !examples.isEmpty else { return }
    page.addHeading("Worst inputs")
    page.addText("Beside each, the worst channel of the costliest layers: in float, in int8, and the difference.")
    for example in examples {
      var caption = "\(example.name): \(decibels(example.signalToNoiseDecibels))"
      if let answers = example.answers {
        caption +=
          answers.float == answers.int8
          ? ", \(answers.float) in both" : ", \(answers.float) in float, \(answers.int8) in int8"
      }
      page.parts.append("<h3>\(caption.escapedForMarkup)</h3>")
      var pictures: [(String, String)] = []
      if let picture = example.picture {
        pictures.append((picture.markup(width: 168, title: example.name), "the input"))
      }
      for map in example.maps {
        let range = map.float.range
        let difference = Plane(
          height: map.float.height, width: map.float.width,
          values: zip(map.int8.values, map.float.values).map { $0 - $1 })
        let planes = [
          map.float.image(.heat, range: range), map.int8.image(.heat, range: range), difference.image(.signed),
        ]
        let markup = zip(planes, ["float", "int8", "int8 − float"]).map {
          $0.markup(width: 112, title: "\(map.layer), channel \(map.channel), \($1)")
        }
        pictures.append(
          (
            "<div class=\"row\">\(markup.joined())</div>",
            "\(map.layer), channel \(map.channel); errors up to \(HistogramChart.number(Double(largest(difference))))"
          ))
      }
      page.addPictures(pictures)
    }
  }

  private func largest(_ plane: Plane) -> Float { max(abs(plane.range.lowerBound), abs(plane.range.upperBound)) }

  private func addTable(to page: inout Page) {
    page.addHeading("All layers")
    page.addTable(
      [
        "layer", "kind", "shape", .numbers("dB"), .numbers("cosine"), .numbers("alone, dB"), .numbers("output, dB"),
        .numbers("largest error"), .numbers("clipped, %"), .numbers("dead"), .numbers("constant"), .numbers("lost"),
      ],
      comparison.layers.map { layer in
        [
          layer.name, layer.kind, layer.shape.dropFirst().map(String.init).joined(separator: "×"),
          number(layer.accumulated.signalToNoiseDecibels), layer.accumulated.cosine.digits(5),
          number(layer.isolated.signalToNoiseDecibels), number(layer.outputSignalToNoiseDecibels),
          Double(layer.accumulated.maximumError).digits(4), (layer.saturatedShare * 100).digits(2),
          "\(layer.channels(.dead).count)", "\(layer.channels(.constant).count)", "\(layer.channels(.lost).count)",
        ]
      })
    page.addText(
      "Dead channels are always 0 in float, constant ones always the same; lost ones change in float, but not in int8.")
  }

  private func decibels(_ value: Double) -> String { number(value) + " dB" }

  private func number(_ value: Double) -> String {
    value.isFinite ? value.digits(1) : value > 0 ? "∞" : value < 0 ? "-∞" : "?"
  }
}

import Compiler

/// A run as a page: curves of loss, accuracy and learning rate, and what decided them. Self-contained, for light and dark
/// screens.
struct TrainingReport {
  let title: String
  let settings: [String: String]
  let position: TrainingPosition

  /// Writes it whole or not at all.
  func write(to path: String) throws { try AtomicFile.write(html.utf8, to: path) }

  private var charts: [LineChart] {
    let points = position.points
    func line(_ name: String, _ color: Int, _ value: (TrainingPoint) -> Double?) -> LineChart.Series {
      let values = points.compactMap { point in value(point).map { (x: point.epoch, y: $0) } }
      return LineChart.Series(name: name, color: color, points: values, isMarked: values.count <= 40)
    }
    let percent = { (share: Double) in (share * 100).digits(1) + " %" }
    return [
      LineChart(title: "Loss", horizontal: "epochs", series: [line("training", 0) { $0.loss }]) { $0.digits(3) },
      LineChart(
        title: "Accuracy", horizontal: "epochs",
        series: [line("training", 0) { $0.trainingAccuracy }, line("test", 1) { $0.testAccuracy }], text: percent),
      LineChart(title: "Learning rate", horizontal: "epochs", series: [line("rate", 2) { Double($0.rate) }]) {
        "\(Float($0))"
      },
    ]
  }

  private var html: String {
    let epochs = position.epochs.map { epoch in
      "<tr><td>\(epoch.epoch)</td><td>\(epoch.loss.digits(4))</td><td>\((epoch.trainingAccuracy * 100).digits(2))</td>"
        + "<td>\((epoch.testAccuracy * 100).digits(2))</td><td>\(epoch.imagesPerSecond.digits(0))</td></tr>"
    }
    let rows = settings.sorted { $0.key < $1.key }.map { name, value in
      "<tr><td>\(name.escapedForMarkup)</td><td>\(value.escapedForMarkup)</td></tr>"
    }
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>\(title.escapedForMarkup)</title>
      <style>\(LineChart.style)</style></head><body>
      <h1>\(title.escapedForMarkup)</h1>
      \(charts.map(\.svg).joined(separator: "\n"))
      <h2>Epochs</h2>
      <table><thead><tr><th>epoch</th><th>loss</th><th>training, %</th><th>test, %</th><th>images/s</th></tr></thead><tbody>
      \(epochs.joined(separator: "\n"))
      </tbody></table>
      <h2>Settings</h2>
      <table><tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></body></html>

      """
  }
}

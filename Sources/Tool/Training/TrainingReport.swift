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
    var page = Page(title: title, parts: charts.map(\.svg))
    page.addHeading("Epochs")
    page.addTable(
      [.numbers("epoch"), .numbers("loss"), .numbers("training, %"), .numbers("test, %"), .numbers("images/s")],
      position.epochs.map { epoch in
        [
          "\(epoch.epoch)", epoch.loss.digits(4), (epoch.trainingAccuracy * 100).digits(2),
          (epoch.testAccuracy * 100).digits(2), epoch.imagesPerSecond.digits(0),
        ]
      })
    page.addHeading("Settings")
    page.addTable(["setting", "value"], settings.sorted { $0.key < $1.key }.map { [$0.key, $0.value] })
    return page.html
  }
}

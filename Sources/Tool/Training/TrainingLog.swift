import Compiler

/// A run's points as comma-separated values, with a line of names first.
enum TrainingLog {
  /// Writes all of them anew, whole or not at all, so that a resumed run has one log.
  static func write(_ points: [TrainingPoint], to path: String) throws {
    try AtomicFile.write(text(points).utf8, to: path)
  }

  static func text(_ points: [TrainingPoint]) -> String {
    var lines = ["step,epoch,rate,loss,training_accuracy,test_accuracy,images_per_second,seconds"]
    for point in points {
      let test = point.testAccuracy.map { $0.digits(6) } ?? ""
      lines.append(
        "\(point.step),\(point.epoch.digits(4)),\(point.rate),\(point.loss.digits(6)),\(point.trainingAccuracy.digits(6)),"
          + "\(test),\(point.imagesPerSecond.digits(1)),\(point.seconds.digits(2))")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension TrainingOptions {
  /// The command that packs what was trained, with the preprocessing that it was trained with.
  func conversion(of output: String, _ architecture: String, _ data: TrainingData) -> String {
    var words = ["martlet convert", output.asArgument, "--architecture", architecture]
    if width != 1 { words += ["--width", "\(width)"] }
    if let classes { words += ["--classes", "\(classes)"] }
    if let size = inputSize?.picture {
      words += ["--input-size", size.height == size.width ? "\(size.height)" : "\(size.height)x\(size.width)"]
    }
    words += ["--mean", data.rules.mean.asOption, "--std", data.rules.standardDeviation.asOption]
    if !quantizeAware { words += ["--calibrate", data.path.asArgument] }
    let stem = output.hasSuffix(".safetensors") ? String(output.dropLast(".safetensors".count)) : output
    return (words + ["-o", (stem + ".martlet").asArgument]).joined(separator: " ")
  }
}

extension [Float] {
  /// One number where all are the same.
  fileprivate var asOption: String {
    (Set(self).count == 1 ? Array(prefix(1)) : self).map { "\($0)" }.joined(separator: ",")
  }
}

extension String {
  /// As a shell takes it for one word.
  fileprivate var asArgument: String {
    let plain = allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+=,:@%".contains($0)) }
    return plain ? self : "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

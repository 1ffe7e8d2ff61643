import Testing

@testable import EdgeRun

/// The command line of `martlet-run`.
@Suite struct ArgumentsTests {
  private func withArguments<Result>(_ words: [String], _ body: (Arguments?) -> Result) -> Result {
    let copies = (["martlet-run"] + words).map { word in
      let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: word.utf8.count + 1)
      bytes.initialize(from: Array(word.utf8CString), count: word.utf8.count + 1)
      return bytes
    }
    defer { copies.forEach { $0.deallocate() } }
    var values: [UnsafeMutablePointer<CChar>?] = copies + [nil]
    return values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return body(nil) }
      return body(Arguments(count: Int32(copies.count), values: base))
    }
  }

  @Test func readsModelInputAndTop() {
    withArguments(["a.martlet", "--top", "12", "b.ppm"]) { arguments in
      #expect(arguments?.model.map { String(cString: $0) } == "a.martlet")
      #expect(arguments?.input.map { String(cString: $0) } == "b.ppm")
      #expect(arguments?.top == 12)
    }
    withArguments(["a.martlet"]) { #expect($0?.top == 5 && $0?.input == nil) }
    withArguments(["--help"]) { #expect($0?.wantsHelp == true) }
    withArguments(["a.martlet", "--selftest"]) { #expect($0?.wantsSelfTest == true) }
    withArguments(["a.martlet"]) { #expect($0?.wantsSelfTest == false) }
  }

  @Test(arguments: [
    [], ["a", "b", "c"], ["a", "--top"], ["a", "--top", "0"], ["a", "--top", "-1"], ["a", "--top", "1x"],
    ["a", "--top", "99999999999999999999"], ["a", "--frobnicate"], ["--top", "3"],
    ["a", "b", "--selftest"],
  ])
  func refuses(words: [String]) {
    withArguments(words) { #expect($0 == nil) }
  }
}

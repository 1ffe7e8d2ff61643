import ArgumentParser

/// `martlet doctor`.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what this machine has, what is missing, and the command that installs it.",
    discussion: """
      Libraries are opened when a command needs them: all others work without. The status is 1 when one is missing.
      Programs are named with what calls them; one that is missing does not change the status.
      Example: martlet doctor
      """)

  @OptionGroup var output: OutputOptions

  func run() throws {
    let examination = Examination()
    try output.emit(examination) { show(examination) }
    guard examination.isComplete else { throw ExitCode.failure }
  }

  private func show(_ found: Examination) {
    let machine = found.machine
    print("martlet    \(found.version)")
    print("system     \(machine.system), \(machine.architecture)")
    let memory = (Double(machine.memoryBytes) / 1_073_741_824).digits(1)
    print("processor  \(machine.processor), \(machine.cores) cores, \(memory) GiB of memory")
    print("kernels    \(found.kernels.text)")
    show(found.libraries, title: "Libraries")
    show(found.programs, title: "For firmware only")
    show(found.scripts, title: "For scripts of a clone (tools/) and other commands of its documents only")
    if !found.problems.isEmpty { print("\n\(Ink.bad("Problems"))") }
    for problem in found.problems { print("  \(problem)") }
    print(
      "\n"
        + (found.isComplete
          ? Ink.good("martlet itself has all that it needs.") : Ink.bad("martlet itself lacks something: see above.")))
  }

  private func show(_ findings: [Examination.Finding], title: String) {
    print("\n\(Ink.bold(title))")
    let width = findings.map(\.name.count).max() ?? 0
    for finding in findings {
      let name = finding.name + String(repeating: " ", count: width - finding.name.count)
      print("  \(name)  \(finding.path ?? Ink.bad("missing"))")
      print("  \(String(repeating: " ", count: width))  for \(finding.neededFor)")
      if let remedy = finding.remedy { print("  \(String(repeating: " ", count: width))  install: \(remedy)") }
    }
  }
}

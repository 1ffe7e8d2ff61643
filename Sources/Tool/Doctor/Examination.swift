/// What `martlet doctor` finds.
struct Examination: Encodable {
  struct Finding: Encodable {
    let name: String
    let found: Bool
    var path: String?
    let neededFor: String
    /// The command that installs it; nil when it is there.
    var remedy: String?

    init(_ requirement: Requirement, hasAPT: Bool) {
      name = requirement.name
      neededFor = requirement.neededFor
      path = requirement.find()
      found = path != nil
      remedy = found ? nil : requirement.remedy(hasAPT: hasAPT)
    }
  }

  let version: String
  let machine: Machine
  let kernels: [KernelFamily]
  let libraries: [Finding]
  let programs: [Finding]
  let scripts: [Finding]
  /// What keeps Martlet from running at all, with its remedy.
  let problems: [String]

  /// Looks at this machine.
  /// - Parameters:
  ///   - libraries: what commands open.
  ///   - programs: what only developers of firmware need.
  ///   - scripts: what the documents' other commands and the scripts in tools/ call.
  init(
    libraries: [Requirement] = Requirement.libraries, programs: [Requirement] = Requirement.programs,
    scripts: [Requirement] = Requirement.scripts,
    hasAPT: Bool = Requirement.path(ofProgram: "apt-get") != nil
  ) {
    version = toolVersion
    machine = .this
    kernels = KernelFamily.all
    self.libraries = libraries.map { Finding($0, hasAPT: hasAPT) }
    self.programs = programs.map { Finding($0, hasAPT: hasAPT) }
    self.scripts = scripts.map { Finding($0, hasAPT: hasAPT) }
    do {
      try PackedModel.checkForcedFamily()
      problems = []
    } catch {
      problems = ["\(error)"]
    }
  }

  /// Whether every command can do what it promises.
  var isComplete: Bool { problems.isEmpty && libraries.allSatisfy(\.found) }
}

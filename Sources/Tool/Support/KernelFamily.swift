import CShim

/// A family of kernels that this processor can run.
struct KernelFamily: Encodable {
  let name: String
  /// Whether sessions use it.
  let chosen: Bool

  /// All of this processor, scalar first.
  static var all: [KernelFamily] {
    let best = martlet_best_kernels().pointee.family.rawValue
    return (0..<MARTLET_FAMILY_COUNT.rawValue).filter { martlet_families() >> $0 & 1 == 1 }.map {
      KernelFamily(name: String(cString: martlet_family_name(martlet_family($0))), chosen: $0 == best)
    }
  }
}

extension [KernelFamily] {
  /// As a person reads them.
  var text: String { map { $0.chosen ? "\($0.name) (chosen)" : $0.name }.joined(separator: ", ") }
}

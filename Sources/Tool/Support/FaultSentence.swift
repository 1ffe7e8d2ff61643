import Martlet

/// One sentence for a fault met in a file, and what to do about it.
func sentence(_ fault: Fault, file: String) -> String {
  var text = "\(file): \(fault.code.explanation)"
  if fault.index != 0xFFFF { text += " (number \(fault.index))" }
  if fault.detail != 0 { text += " [\(fault.detail)]" }
  return "\(text). \(fault.code.remedy) (fault \(fault.code.rawValue))"
}

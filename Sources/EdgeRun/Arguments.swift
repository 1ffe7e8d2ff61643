/// The command line: MODEL.martlet [INPUT] [--top K], or MODEL.martlet --selftest.
struct Arguments {
  var model: UnsafePointer<CChar>?
  var input: UnsafePointer<CChar>?
  var top = 5
  var wantsHelp = false
  var wantsSelfTest = false

  /// Nil when the arguments make no sense.
  init?(count: Int32, values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) {
    var index = 1
    while index < Int(count), let value = values[index] {
      index += 1
      if Self.matches(value, "--help") || Self.matches(value, "-h") {
        wantsHelp = true
      } else if Self.matches(value, "--selftest") {
        wantsSelfTest = true
      } else if Self.matches(value, "--top") {
        guard index < Int(count), let text = values[index], let number = Self.number(text) else { return nil }
        top = number
        index += 1
      } else if value[0] == 0x2D {
        return nil
      } else if model == nil {
        model = UnsafePointer(value)
      } else if input == nil {
        input = UnsafePointer(value)
      } else {
        return nil
      }
    }
    if model == nil && !wantsHelp { return nil }
    if wantsSelfTest && input != nil { return nil }
  }

  private static func matches(_ value: UnsafeMutablePointer<CChar>, _ option: StaticString) -> Bool {
    for index in 0..<option.utf8CodeUnitCount where UInt8(bitPattern: value[index]) != option.utf8Start[index] {
      return false
    }
    return value[option.utf8CodeUnitCount] == 0
  }

  /// 1…100000, digits alone.
  private static func number(_ text: UnsafeMutablePointer<CChar>) -> Int? {
    var number = 0
    var index = 0
    while text[index] != 0 {
      guard (0x30...0x39).contains(text[index]), number < 10_000 else { return nil }
      number = number * 10 + Int(text[index] - 0x30)
      index += 1
    }
    return number > 0 ? number : nil
  }
}

import Martlet

/// A packed model as C: an array in constant memory, and its sizes.
enum CArray {
  /// The header of sizes. `name`: the prefix of every name in it, a C identifier.
  static func sizes(_ model: borrowing Verified<Every>, name: String, file: String) -> String {
    let prefix = name.uppercased()
    var largestOutput = 1
    for position in 0..<model.outputCount {
      largestOutput = max(largestOutput, model.tensor(model.outputTensor(position)).count)
    }
    return """
      /// \(file): \(model.operatorCount) operators.
      #ifndef \(prefix)_H
      #define \(prefix)_H

      #define \(prefix)_BYTES \(model.fileBytes)
      #define \(prefix)_ARENA_BYTES \(model.arenaBytes)
      #define \(prefix)_OPERATORS \(model.operatorCount)
      /// Values of the largest output.
      #define \(prefix)_LARGEST_OUTPUT \(largestOutput)

      #endif

      """
  }

  /// The array's definition, twenty bytes a line.
  static func definition(_ bytes: UnsafeRawBufferPointer, name: String, file: String) -> String {
    var text = """
      // \(file)
      #include "\(name).h"

      #include <stdint.h>

      extern const uint8_t \(name)_model[\(name.uppercased())_BYTES];
      __attribute__((aligned(64))) const uint8_t \(name)_model[\(name.uppercased())_BYTES] = {

      """
    text.reserveCapacity(bytes.count * 4 + bytes.count / 4)
    for (index, byte) in bytes.enumerated() {
      text += index % 20 == 0 ? "    " : " "
      text += "\(byte),"
      if index % 20 == 19 { text += "\n" }
    }
    return text + "\n};\n"
  }

  /// Whether `name` can begin the names of a C file and a macro.
  static func isIdentifier(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(0x30...0x39).contains(first), name.utf8.count <= 64 else { return false }
    return name.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
    }
  }
}

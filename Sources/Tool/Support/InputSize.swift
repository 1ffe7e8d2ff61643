import ArgumentParser
import Graph

/// A picture's height and width, or a signal's length, as the command line gives it: N or HEIGHTxWIDTH.
struct InputSize {
  private let sides: [Int]

  /// - Throws: a sentence when the text is neither.
  init(parsing text: String) throws {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard (1...2).contains(parts.count), parts.allSatisfy({ $0 > 0 }) else {
      throw ValidationError("--input-size is N, or HEIGHTxWIDTH such as 96x128.")
    }
    sides = parts
  }

  /// N alone is both sides of a picture.
  var picture: Size2D { Size2D(sides[0], sides[sides.count - 1]) }

  /// N alone is the length.
  var signal: Size2D { sides.count == 1 ? Size2D(1, sides[0]) : picture }
}

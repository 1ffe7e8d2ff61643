import Compiler
import Datasets

/// Pictures with captions, as one picture or as a page.
struct PictureSheet {
  /// One of them.
  struct Tile {
    let image: Image
    let caption: String
  }

  let title: String
  let note: String
  let tiles: [Tile]

  /// Writes a picture (.png) or a page (.html), whole or not at all.
  func write(to path: String) throws {
    try AtomicFile.write(path.hasSuffix(".html") ? Array(html.utf8) : grid.png, to: path)
  }

  /// All tiles of a sheet are drawn this large at least, in pixels.
  private static let smallestSide = 64

  /// The tiles in rows, small ones enlarged, with lines of gray between them.
  var grid: Image {
    let shown = tiles.map { tile -> Image in
      let side = max(tile.image.width, tile.image.height)
      return tile.image.converted(toChannels: 3).enlarged(by: max(1, Self.smallestSide / max(1, side)))
    }
    let (width, height) = (shown.map(\.width).max() ?? 1, shown.map(\.height).max() ?? 1)
    let columns = max(1, Int((Double(tiles.count) * Double(height) / Double(width)).squareRoot().rounded(.up)))
    let rows = (tiles.count + columns - 1) / columns
    let gap = 2
    let (wide, tall) = (columns * (width + gap) + gap, max(1, rows) * (height + gap) + gap)
    var pixels = [UInt8](repeating: 128, count: wide * tall * 3)
    for (number, image) in shown.enumerated() {
      let left = gap + number % columns * (width + gap)
      let top = gap + number / columns * (height + gap)
      for row in 0..<image.height {
        let to = ((top + row) * wide + left) * 3
        let from = row * image.width * 3
        pixels.replaceSubrange(to..<to + image.width * 3, with: image.pixels[from..<from + image.width * 3])
      }
    }
    return Image(width: wide, height: tall, channels: 3, pixels: pixels)!
  }

  /// A page of them.
  var html: String {
    var page = Page(title: title)
    if !note.isEmpty { page.addText(note) }
    let width = tiles.count > 12 ? 96 : 224
    page.addPictures(tiles.map { ($0.image.markup(width: width, title: $0.caption), $0.caption) })
    return page.html
  }
}

/// The page where a person drops a photo and sees classes, latency and a heat map. It asks nobody but its server.
enum PhotoPage {
  static var html: String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <title>Martlet</title><style>\(text(PackageResources.photo_css))</style></head><body><h1>Martlet</h1>
    \(text(PackageResources.photo_html))
    <script>\(text(PackageResources.photo_js))</script></body></html>

    """
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

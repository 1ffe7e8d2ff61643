/// The page where a person drops a photo and sees classes, latency and a heat map. It asks nobody but its server.
enum PhotoPage {
  static var html: String {
    var page = Page(title: "Martlet")
    page.parts = [
      "<style>\(text(PackageResources.photo_css))</style>", text(PackageResources.photo_html),
      "<script>\(text(PackageResources.photo_js))</script>",
    ]
    return page.html
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

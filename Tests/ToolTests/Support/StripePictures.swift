import Foundation

/// A small data set that networks learn within seconds.
enum StripePictures {
  /// Gray pictures of 28×28 in MNIST's files: class c has a bright stripe of rows around 3 + 5 · c.
  static func make(classes: Int, training: Int, test: Int) throws -> String {
    let folder = TemporaryFolder.shared.file("stripes-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, count) in [("train", training), ("t10k", test)] {
      var (pixels, labels): ([UInt8], [UInt8]) = ([], [])
      for index in 0..<count {
        let label = index % classes
        labels.append(UInt8(label))
        for place in 0..<784 {
          let noise = UInt8((index &* 7919 &+ place &* 104_729) % 64)
          pixels.append(abs(place / 28 - 3 - 5 * label) <= 2 ? 160 + noise : noise)
        }
      }
      try idx([count, 28, 28], pixels).write(to: folder.appendingPathComponent("\(name)-images-idx3-ubyte"))
      try idx([count], labels).write(to: folder.appendingPathComponent("\(name)-labels-idx1-ubyte"))
    }
    return folder.path
  }

  private static func idx(_ shape: [Int], _ bytes: [UInt8]) -> Data {
    var data = Data([0, 0, 8, UInt8(shape.count)])
    for size in shape { withUnsafeBytes(of: UInt32(size).bigEndian) { data.append(contentsOf: $0) } }
    return data + bytes
  }
}

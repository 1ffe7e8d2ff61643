import Archives

/// CIFAR-10's binary files: records of one label byte and 32×32 red, green and blue planes (Alex Krizhevsky's
/// description).
struct CIFARItems: ItemSource {
  let kind = "CIFAR-10 binary"
  static let recordBytes = 1 + 3 * 32 * 32
  private let batches: [ByteSource]
  /// The number of the first record of each batch, and the number of all.
  private let starts: [Int]

  let classNames = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
  let labelsAreOutputIndices = true
  var count: Int { starts[starts.count - 1] }

  init(paths: [String]) throws(DatasetError) {
    var batches: [ByteSource] = []
    var starts = [0]
    for path in paths {
      let batch = try rethrowing { () throws(ArchiveError) in try ByteSource(contentsOf: path) }
      guard batch.count > 0, batch.count % Self.recordBytes == 0 else {
        throw DatasetError(
          "\(path) is not a whole CIFAR-10 file: it is not a multiple of \(Self.recordBytes) bytes long.")
      }
      for record in stride(from: 0, to: batch.count, by: Self.recordBytes) where batch[record] ?? 0 > 9 {
        throw DatasetError(
          "\(path) is not a CIFAR-10 file: record \(record / Self.recordBytes) has no label from 0 to 9.")
      }
      batches.append(batch)
      starts.append(starts[starts.count - 1] + batch.count / Self.recordBytes)
    }
    (self.batches, self.starts) = (batches, starts)
  }

  private func record(_ index: Int) -> (batch: ByteSource, offset: Int) {
    let batch = (starts.firstIndex { $0 > index } ?? 1) - 1
    return (batches[batch], (index - starts[batch]) * Self.recordBytes)
  }

  func content(_ index: Int) throws(DatasetError) -> Dataset.Content {
    let (batch, offset) = record(index)
    guard let planes = batch.bytes(at: offset + 1, count: 3 * 1024) else {
      throw DatasetError("\(batch.name) has no such record.")
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * 1024)
    for pixel in 0..<1024 {
      for plane in 0..<3 { pixels.append(planes[plane * 1024 + pixel]) }
    }
    return .image(Image(uncheckedWidth: 32, height: 32, channels: 3, pixels: pixels))
  }

  func label(_ index: Int) -> Int? {
    let (batch, offset) = record(index)
    return batch[offset].map(Int.init)
  }

  func name(_ index: Int) -> String {
    let (batch, offset) = record(index)
    return "\(batch.name)[\(offset / Self.recordBytes)]"
  }
}

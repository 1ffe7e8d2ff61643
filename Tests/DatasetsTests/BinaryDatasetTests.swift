import Archives
import Testing

@testable import Datasets

/// MNIST, CIFAR-10 and NumPy files.
@Suite struct BinaryDatasetTests {
  private static let images =
    bigEndian(0x803, 4) + bigEndian(2, 4) + bigEndian(2, 4) + bigEndian(3, 4) + (1...12).map(UInt8.init)
  private static let labels = bigEndian(0x801, 4) + bigEndian(2, 4) + [9, 4]

  @Test func readsIDX() throws {
    let folder = try TemporaryFolder()
    try folder.write("train-images-idx3-ubyte", Self.images)
    try folder.write("train-labels-idx1-ubyte", Self.labels)
    try folder.write(
      "t10k-images-idx3-ubyte", bigEndian(0x803, 4) + bigEndian(1, 4) + bigEndian(1, 4) + bigEndian(1, 4) + [5])
    let training = try Dataset.open(folder.path, split: .training)
    #expect(training.count == 2 && training.label(0) == 9 && training.label(1) == 4)
    let second = try training.item(1).content
    #expect(second == .image(try #require(Image(width: 3, height: 2, channels: 1, pixels: [7, 8, 9, 10, 11, 12]))))
    let test = try Dataset.open(folder.path)
    #expect(test.count == 1 && !test.isLabelled)
    #expect(try Dataset.open(folder.path + "/train-images-idx3-ubyte").label(1) == 4)
    try folder.write("train-labels-idx1-ubyte", bigEndian(0x801, 4) + bigEndian(1, 4) + [9])
    #expect(throws: DatasetError.self) { try Dataset.open(folder.path, split: .training) }
  }

  @Test func damagedIDXIsRefused() {
    for count in 0..<Self.images.count {
      #expect(throws: DatasetError.self) { try IDXArray(ByteSource(Self.images.prefix(count), name: "idx")) }
    }
    var random = SplitMix(state: 8)
    var refused = 0
    for _ in 0..<10_000 {
      var bytes = Self.images
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      do { _ = try IDXArray(ByteSource(bytes, name: "idx")) } catch { refused += 1 }
    }
    #expect(4_000..<7_000 ~= refused)
    #expect(throws: DatasetError.self) {
      try IDXArray(ByteSource([0, 0, 8, 4] + [UInt8](repeating: 255, count: 16), name: "idx"))
    }
  }

  @Test func readsCIFAR() throws {
    let folder = try TemporaryFolder()
    func record(_ label: UInt8, _ red: UInt8) -> [UInt8] {
      [label] + [red, 1] + [UInt8](repeating: 0, count: 1022) + [UInt8](repeating: 20, count: 1024)
        + [UInt8](repeating: 30, count: 1024)
    }
    try folder.write("data_batch_1.bin", record(3, 7) + record(8, 9))
    try folder.write("data_batch_2.bin", record(5, 11))
    try folder.write("test_batch.bin", record(0, 13))
    let training = try Dataset.open(folder.path, split: .training)
    #expect(training.count == 3 && (0..<3).map(training.label) == [3, 8, 5] && training.classNames[5] == "dog")
    guard case .image(let image) = try training.item(2).content else { return #expect(Bool(false)) }
    #expect(Array(image.pixels.prefix(9)) == [11, 20, 30, 1, 20, 30, 0, 20, 30])
    #expect(try Dataset.open(folder.path).label(0) == 0)
    #expect(try Dataset.open(folder.path + "/data_batch_1.bin").count == 2)
    try folder.write("test_batch.bin", Array(record(0, 13).dropLast()))
    #expect(throws: DatasetError.self) { try Dataset.open(folder.path) }
    try folder.write("test_batch.bin", record(10, 13))
    #expect(throws: DatasetError.self) { try Dataset.open(folder.path) }
  }

  @Test func readsNumpyArrays() throws {
    let folder = try TemporaryFolder()
    let floats = try #require(NumpyArray(shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]))
    try folder.write("x.npy", floats.encoded())
    let dataset = try Dataset.open(folder.path + "/x.npy")
    #expect(dataset.count == 2 && !dataset.isLabelled)
    #expect(try dataset.item(1).content == .tensor(shape: [3], values: [4, 5, 6]))
    let bytes = try #require(NumpyArray(shape: [2, 1, 2, 3], element: .uint8, bytes: (1...12).map(UInt8.init)))
    try folder.write("x.npy", bytes.encoded())
    #expect(
      try Dataset.open(folder.path + "/x.npy").item(1).content
        == .image(try #require(Image(width: 2, height: 1, channels: 3, pixels: [7, 8, 9, 10, 11, 12]))))
    try folder.write("x.npy", try #require(NumpyArray(shape: [2, 2], int8: [-1, 2, 3, 4])).encoded())
    #expect(try Dataset.open(folder.path + "/x.npy").item(0).content == .bytes([255, 2]))
    try folder.write("x.npy", try #require(NumpyArray(shape: [0, 2], floats: [])).encoded())
    #expect(throws: DatasetError.self) { try Dataset.open(folder.path + "/x.npy") }
  }

  @Test func findsArraysByName() throws {
    let inputs = try #require(NumpyArray(shape: [2, 1], floats: [1, 2]))
    let others = try #require(NumpyArray(shape: [1, 1], floats: [3]))
    let labels = try #require(NumpyArray(shape: [2], int8: [5, 6]))
    let floats = try #require(NumpyArray(shape: [2], floats: [2, 3]))
    #expect(try NumpyItems(path: "m.npz", arrays: [("x", inputs), ("y", floats)], split: .test).label(1) == 3)
    let negative = try #require(NumpyArray(shape: [2], int8: [5, -6]))
    let halves = [("x_test", others), ("y_train", labels), ("x_train", inputs)]
    let training = try NumpyItems(path: "m.npz", arrays: halves, split: .training)
    #expect(training.count == 2 && training.label(1) == 6)
    let test = try NumpyItems(path: "m.npz", arrays: halves, split: .test)
    #expect(test.count == 1 && test.label(0) == nil)
    #expect(try NumpyItems(path: "m.npz", arrays: [("labels", labels), ("specs", inputs)], split: .test).label(0) == 5)
    #expect(throws: DatasetError.self) { try NumpyItems(path: "m.npz", arrays: [("labels", labels)], split: .test) }
    #expect(throws: DatasetError.self) {
      try NumpyItems(path: "m.npz", arrays: [("x", inputs), ("y", negative)], split: .test)
    }
    #expect(throws: DatasetError.self) {
      try NumpyItems(path: "m.npz", arrays: [("x", others), ("y", labels)], split: .test)
    }
  }

  @Test(.enabled(if: sharedData != nil, "set MARTLET_TEST_DATA to the folder of real data"))
  func readsTheRealMNIST() throws {
    let test = try Dataset.open(try #require(sharedData) + "/mnist")
    #expect(test.count == 10_000 && (0..<5).map(test.label) == [7, 2, 1, 0, 4])
    guard case .image(let image) = try test.item(9_999).content else { return #expect(Bool(false)) }
    #expect((image.width, image.height, image.channels) == (28, 28, 1))
  }

  @Test(.enabled(if: sharedData != nil, "set MARTLET_TEST_DATA to the folder of real data"))
  func opensTheRealPhotographs() throws {
    let photographs = try Dataset.open(try #require(sharedData) + "/imagenet-dev")
    #expect(photographs.count == 500 && (0..<3).map(photographs.label) == [0, 2, 4])
    #expect(photographs.classNames[4] == "hammerhead" && photographs.labelsAreOutputIndices)
  }
}

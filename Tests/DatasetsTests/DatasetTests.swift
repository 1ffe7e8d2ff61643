import Archives
import Testing

@testable import Datasets

@Suite struct DatasetTests {
  private func message(_ body: () throws -> Dataset) -> String {
    (#expect(throws: DatasetError.self) { _ = try body() })?.description ?? ""
  }

  private func labels(_ dataset: Dataset) -> [Int?] { (0..<dataset.count).map(dataset.label) }

  @Test func classFoldersAreSorted() throws {
    let folder = try TemporaryFolder()
    for (name, value) in [
      ("dog/b.pgm", 2), ("cat/deep/a.pgm", 1), ("dog/a.ppm", 3), ("dog/notes.txt", 9), (".git/x.pgm", 4),
    ] {
      try folder.write(name, Sample.gray(UInt8(value)))
    }
    let dataset = try Dataset.open(folder.path)
    #expect(dataset.classNames == ["cat", "dog"])
    #expect(labels(dataset) == [0, 1, 1])
    let values = try (0..<3).map { index -> UInt8 in
      guard case .image(let image) = try dataset.item(index).content else { return 0 }
      return image.pixels[0]
    }
    #expect(values == [1, 3, 2])
    let byName = try ClassMapping(
      dataset, labels: ["n02084071 Dog, domestic dog", "bird", "n02121620 cat"], outputCount: 3)
    #expect(byName.rule == .byName && byName.output(ofLabel: 0) == 2 && byName.output(ofLabel: 1) == 0)
    let byIndex = try ClassMapping(dataset, labels: ["x", "y", "z"], outputCount: 3)
    #expect(byIndex.rule == .byIndex && byIndex.output(ofLabel: 1) == 1)
    #expect(throws: DatasetError.self) { try ClassMapping(dataset, labels: [], outputCount: 1) }
    #expect(throws: DatasetError.self) { try ClassMapping(dataset, labels: ["cat", "bird"], outputCount: 2) }
  }

  @Test func halvesAreChosen() throws {
    let folder = try TemporaryFolder()
    try folder.write("train/a/1.pgm", Sample.gray(1))
    try folder.write("train/a/2.pgm", Sample.gray(1))
    try folder.write("val/a/3.pgm", Sample.gray(1))
    #expect(try Dataset.open(folder.path, split: .training).count == 2)
    #expect(try Dataset.open(folder.path, split: .test).count == 1)
  }

  @Test func flatFolders() throws {
    let folder = try TemporaryFolder()
    try folder.write("0004_n01_shark.pgm", Sample.gray(1))
    try folder.write("0012_n02_finch.pgm", Sample.gray(2))
    let indexed = try Dataset.open(folder.path)
    #expect(labels(indexed) == [4, 12] && indexed.labelsAreOutputIndices && indexed.isLabelled)
    try folder.write("holiday.pgm", Sample.gray(3))
    #expect(try Dataset.open(folder.path).isLabelled == false)
    try folder.write(
      "labels.csv", "file,class_index,synset,name\nholiday.pgm,7,n07,\"beach, sand\"\n0004_n01_shark.pgm,2,n1,shark\n")
    let listed = try Dataset.open(folder.path)
    #expect(labels(listed) == [7, 2])
    #expect(listed.classNames[7] == "beach, sand" && listed.classNames[2] == "shark" && listed.classNames.count == 8)
    #expect(try Dataset.open(folder.path + "/labels.csv").count == 2)
    #expect(try Dataset.open(folder.path + "/holiday.pgm").count == 1)
    try folder.write("labels.csv", "holiday.pgm,1\nabsent.pgm,2\n")
    #expect(message { try Dataset.open(folder.path) }.contains("1 of 2 files that do not exist: "))
  }

  @Test func labelListsOfOtherForms() throws {
    let keyword = try LabelList("a_7.bin,12,7\nb_2.bin,12,2\n", name: "y_labels.csv")
    #expect(keyword.entries.map(\.label) == [7, 2] && keyword.labelsAreNumbers)
    let columns = try LabelList(
      "file,label,class,twin,flag\r\nx.bin,2,bird,a.jpg,1\r\ny.bin,9,truck,b.jpg,0\r\n", name: "l")
    #expect(columns.entries.map(\.label) == [2, 9] && columns.classNames[2] == "bird")
    let blanks = try LabelList("ILSVRC_1.JPEG 65\nILSVRC_2.JPEG 970", name: "val.txt")
    #expect(blanks.entries.map(\.label) == [65, 970] && blanks.entries[1].file == "ILSVRC_2.JPEG")
    let words = try LabelList("a.jpg,wasp\nb.jpg,ant", name: "l")
    #expect(words.entries.map(\.label) == [1, 0] && words.classNames == ["ant", "wasp"] && !words.labelsAreNumbers)
    for bad in ["", "a.jpg", "a.jpg,1\nb.jpg", "file,label\n"] {
      #expect(throws: DatasetError.self) { try LabelList(bad, name: "l") }
    }
  }

  @Test func rawBytesWithAList() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.bin", [1, 2, 3])
    try folder.write("y_labels.csv", "a.bin,2,1\n")
    let dataset = try Dataset.open(folder.path)
    #expect(try dataset.item(0).content == .bytes([1, 2, 3]) && dataset.label(0) == 1)
  }

  @Test func rowsOfPictures() throws {
    let folder = try TemporaryFolder()
    try folder.write("sheet.pgm", Array("P5 4 3 255\n".utf8) + (1...12).map(UInt8.init))
    try folder.write("list.csv", "sprite,row,label,class\nsheet.pgm,2,1,cat\nsheet.pgm,0,0,ant\n")
    let dataset = try Dataset.open(folder.path)
    #expect(dataset.count == 2 && labels(dataset) == [1, 0] && dataset.classNames == ["ant", "cat"])
    let first = try #require(Image(width: 2, height: 2, channels: 1, pixels: [9, 10, 11, 12]))
    #expect(try dataset.item(0).content == .image(first))
    try folder.write("list.csv", "sprite,row,label\nsheet.pgm,3,1\n")
    #expect(message { try Dataset.open(folder.path) }.contains("has no row 3"))
    try folder.write("list.csv", "sprite,row,label\nsheet.pgm,one,1\n")
    #expect(message { try Dataset.open(folder.path) }.contains("one is not a row's number"))
  }

  @Test func refusesWhatIsNoDataset() throws {
    let folder = try TemporaryFolder()
    #expect(message { try Dataset.open(folder.path) }.contains("is empty"))
    try folder.write("readme.md", "words")
    #expect(message { try Dataset.open(folder.path) }.contains("holds no pictures"))
    #expect(message { try Dataset.open(folder.path + "/readme.md") }.contains("is not a data set that Martlet reads"))
    #expect(message { try Dataset.open(folder.path + "/absent") }.hasSuffix("/absent does not exist."))
    try folder.write("broken.jpg", "not a picture")
    let dataset = try Dataset.open(folder.path)
    let error = #expect(throws: DatasetError.self) { try dataset.item(0) }
    #expect(
      error?.description.hasSuffix("broken.jpg is not an image that Martlet reads (JPEG, PNG, BMP, PPM).") == true)
  }

  /// Without threads, as where the system gives none, the caller's does all.
  @Test(arguments: [0, 1, 3]) func prefetchKeepsTheOrder(threads: Int) throws {
    let folder = try TemporaryFolder()
    for index in 0..<40 { try folder.write("\(100 + index).pgm", Sample.gray(UInt8(index))) }
    let dataset = try Dataset.open(folder.path)
    let wanted = Array((0..<40).reversed())
    var seen: [Int] = []
    try dataset.prefetch(wanted, threads: threads) { item in
      guard case .image(let image) = item.content else { return -1 }
      return Int(image.pixels[0])
    } consume: { number, value in
      #expect(number == seen.count)
      seen.append(value)
    }
    #expect(seen == wanted)
    try folder.write("120.pgm", "P5 broken")
    var count = 0
    #expect(throws: DatasetError.self) {
      try dataset.prefetch(Array(0..<40), threads: threads) {
        $0.name
      } consume: { _, _ in
        count += 1
      }
    }
    #expect(count == 20)
    try dataset.prefetch([]) {
      $0.name
    } consume: { _, _ in
      count += 1
    }
    #expect(count == 20)
  }
}

import Archives
import Foundation

/// Finding out what lies at a path.
extension Dataset {
  /// Opens the data set at `path`:
  ///
  /// - a folder with a sub-folder a class (labels in the order of the names), or with `train` and `test` or `val` halves;
  /// - a folder of pictures with a label list (`labels.csv`, or the only .csv file), with class indices in front of all file
  ///   names (`0012_house_finch.jpg`), or without labels; with a label list also raw bytes (.bin);
  /// - a label list, a picture, a folder of .npy files, a .npy or a .npz file;
  /// - MNIST's IDX files, plain or .gz (a folder or the file of pictures), CIFAR-10's binary batches (a folder or a file).
  ///
  /// - Parameters:
  ///   - path: a file or a folder of one of these kinds.
  ///   - split: the half to take where there are two.
  public static func open(_ path: String, split: Split = .test) throws(DatasetError) -> Dataset {
    if Folder.isFolder(path) { return try openFolder(path, split: split, depth: 2) }
    guard Folder.isFile(path) else { throw DatasetError("\(path) does not exist.") }
    return try openFile(path, split: split)
  }

  private static func openFile(_ path: String, split: Split) throws(DatasetError) -> Dataset {
    let name = URL(fileURLWithPath: path).lastPathComponent.lowercased()
    if name.hasSuffix(".csv") || name.hasSuffix(".txt") { return try listed(path) }
    let source = try rethrowing { () throws(ArchiveError) in try ByteSource(contentsOf: path) }
    if NumpyArray.isNumpy(source) {
      let array = try rethrowing { () throws(ArchiveError) in try NumpyArray(source) }
      return Dataset(try NumpyItems(path: path, array: array))
    }
    if ZipArchive.isZip(source) {
      let arrays = try rethrowing { () throws(ArchiveError) in try NumpyArray.archive(source) }
      return Dataset(try NumpyItems(path: path, arrays: arrays, split: split))
    }
    if IDXArray.isIDX(source) || source.starts(with: Inflate.gzipMagic) {
      return Dataset(try IDXItems(imagesPath: path, labelsPath: labelsPath(forImages: path)))
    }
    if name.hasSuffix(".bin") { return Dataset(try CIFARItems(paths: [path])) }
    guard Image.format(of: source) != nil else {
      throw DatasetError(
        "\(path) is not a data set that Martlet reads (pictures, .npy, .npz, IDX, CIFAR-10 .bin, label list).")
    }
    return files([path], kind: "picture")
  }

  private static func openFolder(_ path: String, split: Split, depth: Int) throws(DatasetError) -> Dataset {
    let names = try Folder.names(in: path)
    let files = names.filter { Folder.isFile(Folder.join(path, $0)) }
    let folders = names.filter { Folder.isFolder(Folder.join(path, $0)) }
    if let dataset = try knownFiles(path, files, split: split) { return dataset }
    if let list = labelList(in: files) { return try listed(Folder.join(path, list)) }
    if depth > 0, let half = half(of: folders, split: split) {
      return try openFolder(Folder.join(path, half), split: split, depth: depth - 1)
    }
    if let dataset = try classFolders(path, folders) { return dataset }
    let pictures = files.filter(Folder.isPicture)
    if !pictures.isEmpty { return flat(path, pictures) }
    let arrays = files.filter { $0.lowercased().hasSuffix(".npy") }
    guard arrays.isEmpty else { return Self.files(arrays.map { Folder.join(path, $0) }, kind: "folder of .npy files") }
    let archives = files.filter { $0.lowercased().hasSuffix(".npz") }
    if archives.count == 1 { return try openFile(Folder.join(path, archives[0]), split: split) }
    throw DatasetError(
      names.isEmpty
        ? "\(path) is empty: it needs pictures (JPEG, PNG, BMP, PPM), in a sub-folder a class if they are labelled."
        : "\(path) holds no pictures (JPEG, PNG, BMP, PPM), class folders or data set that Martlet reads.")
  }

  private static func files(_ paths: [String], kind: String) -> Dataset {
    Dataset(FileItems(kind: kind, paths: paths, labels: nil, classNames: [], labelsAreOutputIndices: false))
  }

  /// MNIST's or CIFAR-10's own file names.
  private static func knownFiles(_ path: String, _ files: [String], split: Split) throws(DatasetError) -> Dataset? {
    func half(_ candidates: [String], testWords: [String]) -> [String] {
      let test = candidates.filter { name in testWords.contains { name.lowercased().contains($0) } }
      let training = candidates.filter { !test.contains($0) }
      let wanted = split == .test ? test : training
      return (wanted.isEmpty ? candidates : wanted).map { Folder.join(path, $0) }
    }
    let images = half(
      files.filter { $0.contains("idx3-ubyte") || $0.contains("idx4-ubyte") }, testWords: ["t10k", "test"])
    if let first = images.first {
      return Dataset(try IDXItems(imagesPath: first, labelsPath: labelsPath(forImages: first)))
    }
    let batches = half(
      files.filter { $0.hasSuffix(".bin") && $0.contains("_batch") }, testWords: ["test"])
    return batches.isEmpty ? nil : Dataset(try CIFARItems(paths: batches))
  }

  /// `train-images-idx3-ubyte.gz` → `train-labels-idx1-ubyte.gz`, with or without `.gz`; nil where there is none.
  private static func labelsPath(forImages path: String) -> String? {
    let url = URL(fileURLWithPath: path)
    let name = url.lastPathComponent
    var plain = name.replacingOccurrences(of: "images", with: "labels")
    for axes in ["idx3", "idx4"] { plain = plain.replacingOccurrences(of: axes, with: "idx1") }
    guard plain != name else { return nil }
    if plain.hasSuffix(".gz") { plain.removeLast(3) }
    let folder = url.deletingLastPathComponent().path
    return [plain, plain + ".gz"].map { Folder.join(folder, $0) }.first(where: Folder.isFile)
  }

  private static func labelList(in files: [String]) -> String? {
    if let known = LabelList.fileNames.first(where: files.contains) { return known }
    let tables = files.filter { $0.lowercased().hasSuffix(".csv") }
    return tables.count == 1 ? tables[0] : nil
  }

  private static func half(of folders: [String], split: Split) -> String? {
    let training = ["train", "training"]
    let test = ["test", "testing", "val", "valid", "validation"]
    guard !folders.isEmpty, folders.allSatisfy({ (training + test).contains($0.lowercased()) }) else { return nil }
    let wanted = split == .training ? training : test
    return wanted.compactMap { name in folders.first { $0.lowercased() == name } }.first ?? folders[0]
  }

  private static func classFolders(_ path: String, _ folders: [String]) throws(DatasetError) -> Dataset? {
    var paths: [String] = []
    var labels: [Int] = []
    for (label, folder) in folders.enumerated() {
      let pictures = try Folder.pictures(under: Folder.join(path, folder))
      paths += pictures
      labels += [Int](repeating: label, count: pictures.count)
    }
    guard !paths.isEmpty else { return nil }
    return Dataset(
      FileItems(
        kind: "folder of class folders", paths: paths, labels: labels, classNames: folders,
        labelsAreOutputIndices: false))
  }

  /// Pictures of one folder: labelled if each name starts with a class index of at most five digits and an underscore.
  private static func flat(_ path: String, _ names: [String]) -> Dataset {
    let indices = names.compactMap { name -> Int? in
      let digits = name.prefix { $0.isASCII && $0.isNumber }
      return 1...5 ~= digits.count && name.dropFirst(digits.count).first == "_" ? Int(digits) : nil
    }
    return Dataset(
      FileItems(
        kind: "folder of pictures", paths: names.map { Folder.join(path, $0) },
        labels: indices.count == names.count ? indices : nil, classNames: [], labelsAreOutputIndices: true))
  }

  private static func listed(_ listPath: String) throws(DatasetError) -> Dataset {
    let list = try LabelList(contentsOf: listPath)
    let folder = URL(fileURLWithPath: listPath).deletingLastPathComponent().path
    let paths = list.entries.map { $0.file.hasPrefix("/") ? $0.file : Folder.join(folder, $0.file) }
    let missing = paths.filter { !Folder.isFile($0) }
    guard missing.isEmpty else {
      throw DatasetError(
        "\(listPath) lists \(missing.count) of \(paths.count) files that do not exist: "
          + missing.prefix(3).joined(separator: ", ") + (missing.count > 3 ? ", …" : "."))
    }
    if let rows = list.rows { return Dataset(try SheetItems(paths: paths, rows: rows, list: list)) }
    return Dataset(
      FileItems(
        kind: "files with a label list", paths: paths, labels: list.entries.map(\.label), classNames: list.classNames,
        labelsAreOutputIndices: list.labelsAreNumbers))
  }
}

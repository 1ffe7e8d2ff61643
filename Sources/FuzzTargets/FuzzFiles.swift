import Archives
import Datasets
import Foundation
import Importers

/// Reads trained weights.
func fuzzCheckpoint(_ bytes: [UInt8]) -> FuzzTarget.Outcome {
  do throws(CheckpointError) {
    let checkpoint = try Checkpoint(ByteSource(bytes, name: "fuzzed"))
    for (_, tensor) in checkpoint.tensors { precondition(tensor.values.count == tensor.shape.reduce(1, *)) }
    return .accepted
  } catch {
    precondition(!error.description.isEmpty)
    return .refused
  }
}

/// Pixels up to which a picture is decoded; one picture of a hundred million takes seconds, which is no fault.
private let decodedPixels = 1 << 20

/// Decodes a picture and resizes it.
func fuzzPicture(_ bytes: [UInt8]) -> FuzzTarget.Outcome {
  do throws(DatasetError) {
    let image = try Image(ByteSource(bytes, name: "fuzzed"))
    precondition(image.pixels.count == image.width * image.height * image.channels)
    guard image.width * image.height <= decodedPixels else { return .accepted }
    _ = image.converted(toChannels: 3).resized(width: 24, height: 16)
    return .accepted
  } catch {
    precondition(!error.description.isEmpty)
    return .refused
  }
}

/// The extensions by which data sets in one file are told apart; the first byte chooses.
private let extensions = ["", ".bin", ".csv", ".txt"]

/// Opens a data set of one file, which only a path can name, and takes its first item.
func fuzzDataset(_ bytes: [UInt8]) -> FuzzTarget.Outcome {
  guard let choice = bytes.first else { return .refused }
  let name = "martlet-fuzz-\(UUID().uuidString)" + extensions[Int(choice) % extensions.count]
  let file = FileManager.default.temporaryDirectory.appendingPathComponent(name)
  defer { try? FileManager.default.removeItem(at: file) }
  guard (try? Data(bytes.dropFirst()).write(to: file)) != nil else { return .refused }
  do throws(DatasetError) {
    let dataset = try Dataset.open(file.path)
    guard dataset.count > 0 else { return .accepted }
    _ = try dataset.item(0)
    return .accepted
  } catch {
    precondition(!error.description.isEmpty)
    return .refused
  }
}

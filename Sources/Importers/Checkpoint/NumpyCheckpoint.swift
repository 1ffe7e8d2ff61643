import Archives
import Graph

/// Checkpoints that are NumPy arrays.
enum NumpyCheckpoint {
  /// The arrays of an .npz file under their names.
  static func arrays(_ source: ByteSource) throws(CheckpointError) -> [(name: String, tensor: Tensor)] {
    do throws(ArchiveError) {
      return try NumpyArray.archive(source).map { ($0.name, tensor($0.array)) }
    } catch {
      throw CheckpointError(error)
    }
  }

  /// The one array of an .npy file.
  static func array(_ source: ByteSource) throws(CheckpointError) -> Tensor {
    do throws(ArchiveError) {
      return tensor(try NumpyArray(source))
    } catch {
      throw CheckpointError(error)
    }
  }

  private static func tensor(_ array: NumpyArray) -> Tensor {
    Tensor(shape: array.shape, values: array.floats())
  }
}

import CShim
import Martlet

/// Makes the checksums of the header and of the body what a writer of these bytes would have given them, so that a damaged
/// file reaches the checks behind them. Bytes too few for a header stay as they are.
public func seal(_ file: UnsafeMutableRawBufferPointer) {
  guard file.count >= Header.byteCount else { return }
  let stated = UnsafeRawBufferPointer(file).loadUnaligned(fromByteOffset: 16, as: UInt64.self)
  let end = min(file.count, Int(clamping: stated))
  if end >= Header.byteCount { put(checksum(file, Header.byteCount..<end), at: 24, in: file) }
  put(0, at: 28, in: file)
  put(checksum(file, 0..<Header.byteCount), at: 28, in: file)
}

/// A copy of the bytes with checksums that fit them.
public func sealed(_ bytes: [UInt8]) -> [UInt8] {
  var file = bytes
  file.withUnsafeMutableBytes { seal($0) }
  return file
}

private func checksum(_ file: UnsafeMutableRawBufferPointer, _ part: Range<Int>) -> UInt32 {
  let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(file)[part])
  return martlet_checksum(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
}

private func put(_ word: UInt32, at offset: Int, in file: UnsafeMutableRawBufferPointer) {
  file.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt32.self)
}

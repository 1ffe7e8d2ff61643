import Compiler
import Foundation
import Testing

/// Writes a problem's packed model, with a self-test, into the folder that the environment variable `MARTLET_KEEP_MODELS`
/// names, if it does: so that other processors can run what these tests ran (`tools/test-arm-kernels --models`).
/// - Parameters:
///   - model: the packed file without a self-test.
///   - name: the problem's name, a part of the file's.
func keepModel(_ model: [UInt8], name: String, sourceLocation: SourceLocation) throws {
  guard let folder = ProcessInfo.processInfo.environment["MARTLET_KEEP_MODELS"], !folder.isEmpty else { return }
  let bytes = try addSelfTest(to: model)
  let source = sourceLocation.fileName.split(separator: ".")[0]
  let problem = name.replacingOccurrences(of: " ", with: "-")
  let content = String(bytes.reduce(UInt32(1)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }, radix: 36)
  let file = "\(source)-\(sourceLocation.line)-\(problem)-\(content).martlet"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  try Data(bytes).write(to: URL(fileURLWithPath: folder).appendingPathComponent(file))
}

import ModelAttack

/// Verifies the bytes, with checksums made right, and runs what is accepted.
func fuzzModel(_ bytes: [UInt8]) -> FuzzTarget.Outcome {
  bytes.withUnsafeBytes { Trial().run($0) } == .refused ? .refused : .accepted
}

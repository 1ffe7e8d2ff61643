import CShim

/// The larger of two tensors. Each has the output's shape, or is broadcast: 1×1 over space, one channel over channels.
///
/// Table: 256 bytes from a's quantization to the output's, then 256 from b's: result = max(tableA[a], tableB[b]).
/// Rounding and clamping keep the order of numbers, so this is exactly the larger real number, rounded once, whatever the
/// two quantizations are. It needs no primitive of its own: `martlet_copy_rows`, whose steps of 0 repeat a row, a pixel
/// or a channel, puts a row of each operand through its table into scratch, and `maximum` of the kernel table takes the
/// two rows as the two taps of a pooling window.
public enum Maximum: Operator {
  /// 14 in the file.
  public static var code: UInt32 { 14 }
  /// The name in reports.
  public static var kind: StaticString { "Maximum" }

  /// Shapes and constants agree.
  public static func verify(_ step: borrowing Step) throws(Fault) { try verify(step, tables: 2) }

  /// Shapes agree, and there are so many tables of 256 bytes.
  static func verify(_ step: borrowing Step, tables: Int64) throws(Fault) {
    try step.requirePair()
    try step.requireParameters(count: 0)
    try step.requireConstants(table: 256 * tables)
  }

  /// A row of each operand.
  public static func scratchBytes(_ step: borrowing Step) -> Int { step.withSlack(2 * rowBytes(step)) }

  /// True for both operands: a row is read whole before it is written.
  public static func worksInPlace(input: Int) -> Bool { true }

  /// The same rows, or the one row of an operand that is broadcast.
  public static func rowsNeeded(_ step: borrowing Step, ofInput input: Int, for rows: Range<Int32>) -> Range<Int32> {
    step.broadcastRows(ofInput: input, for: rows)
  }

  /// Computes the output rows `rows`.
  public static func run(_ step: borrowing Step, rows: Range<Int32>, kernels: UnsafePointer<martlet_kernels>) {
    guard let table = step.table, let scratch = step.scratch else { return }
    let output = step.outputRows
    let bytes = rowBytes(step)
    let isDense = output.pixel_pitch_bytes == Int(output.channels)
    var row = rows.lowerBound
    while row < rows.upperBound {
      spread(step, 0, through: table, to: scratch, row: row, kernels: kernels)
      spread(step, 1, through: table + 256, to: scratch + bytes, row: row, kernels: kernels)
      let place = output.rows_held == output.height ? row : row % output.rows_held
      var taps: (UnsafePointer<UInt8>?, UnsafePointer<UInt8>?) = (
        UnsafePointer(scratch), UnsafePointer(scratch + bytes)
      )
      withUnsafePointer(to: &taps) { taps in
        var segment = martlet_tap_segment(
          taps: UnsafeRawPointer(taps).assumingMemoryBound(to: UnsafePointer<UInt8>?.self), tap_count: 2,
          pixels: isDense ? 1 : output.width, pixel_step: Int(output.channels),
          output: output.base + Int(place) * output.row_pitch_bytes, output_step: output.pixel_pitch_bytes)
        kernels.pointee.maximum(&segment, isDense ? Int32(truncatingIfNeeded: bytes) : output.channels)
      }
      row += 1
    }
  }

  private static func rowBytes(_ step: borrowing Step) -> Int { Int(step.output.width) * Int(step.output.channels) }

  /// Row `row` of an operand, repeated where the output is larger, through a table into one dense row.
  private static func spread(
    _ step: borrowing Step, _ position: Int, through table: UnsafePointer<UInt8>, to row: UnsafeMutablePointer<UInt8>,
    row number: Int32, kernels: UnsafePointer<martlet_kernels>
  ) {
    var input = step.inputRows(position)
    let output = step.output
    var dense = martlet_rows(
      base: row, row_pitch_bytes: 0, pixel_pitch_bytes: Int(output.channels), rows_held: 1, height: output.height,
      width: output.width, channels: output.channels)
    var window = martlet_window(
      begin_y: 0, begin_x: 0, begin_c: 0, step_y: input.height == 1 ? 0 : 1, step_x: input.width == 1 ? 0 : 1,
      step_c: input.channels == output.channels ? 1 : 0, output_channel: 0, count: output.channels, fill: 0,
      table: table)
    martlet_copy_rows(kernels, &window, &input, &dense, number, number + 1)
  }
}

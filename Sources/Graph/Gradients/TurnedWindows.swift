import CShim

/// The gradient of a convolution by its image is a convolution of the output's gradient with the kernel turned around. With a
/// stride, each of the stride's phases of the image's rows and columns has its own taps of the kernel.
struct TurnedAxis: Sendable {
  /// The pixels first, first + stride, … of an axis, and the taps that reach them.
  struct Phase: Sendable {
    /// The first pixel.
    let first: Int
    /// How many pixels there are.
    let count: Int
    /// Taps, in the order in which the output's gradient passes them.
    let taps: [Int]
    /// Where in the output the first pixel's first tap lies; negative before it.
    let start: Int
  }

  let phases: [Phase]
  /// Outputs from a tap to the next.
  let dilation: Int
  let stride: Int
  /// Zeros needed before the output, and what the output with zeros on both sides takes.
  let before: Int
  let padded: Int

  /// The axis of a convolution with `outputs` outputs.
  init(_ axis: WindowAxis, outputs: Int) {
    let divisor = greatestCommonDivisor(axis.stride, axis.dilation)
    let dilation = axis.dilation / divisor
    phases = (0..<min(axis.stride, axis.input)).map { TurnedAxis.phase(axis, first: $0) }
    (self.dilation, stride) = (dilation, axis.stride)
    var (before, end) = (0, outputs)
    for phase in phases {
      before = max(before, -phase.start)
      end = max(end, phase.start + phase.count + max(0, phase.taps.count - 1) * dilation)
    }
    self.before = before
    padded = before + end
  }

  private static func phase(_ axis: WindowAxis, first: Int) -> Phase {
    let taps = (0..<axis.window).filter { tap in
      (first + axis.before - tap * axis.dilation).isMultiple(of: axis.stride)
    }
    let count = (axis.input - first + axis.stride - 1) / axis.stride
    guard let last = taps.last else { return Phase(first: first, count: count, taps: [], start: 0) }
    let start = (first + axis.before - last * axis.dilation) / axis.stride
    return Phase(first: first, count: count, taps: taps.reversed(), start: start)
  }
}

/// Both axes.
struct TurnedWindows: Sendable {
  /// One phase of rows and one of columns.
  struct Part: Sendable {
    /// How the gradient's windows lie; its output is the image.
    let walk: martlet_float_walk
    /// Where in the padded gradient the first window begins, and where in the image its pixel lies.
    let start: Int
    let place: Int
    /// The kernel's taps, in the windows' order.
    let taps: [Int]
  }

  let parts: [Part]
  let imageCount: Int
  let gradientCount: Int
  private let rows: TurnedAxis
  private let columns: TurnedAxis
  private let outputs: (height: Int, width: Int, channels: Int)

  /// - Parameters:
  ///   - channels: of the image.
  ///   - outputs: channels of the output.
  ///   - depth: channels of a window of the output's gradient: fewer than `outputs` in a group's.
  init(_ window: Window2D, channels: Int, outputs: Int, depth: Int, isDepthwise: Bool = false) {
    let rows = TurnedAxis(window.rows, outputs: window.outputHeight)
    let columns = TurnedAxis(window.columns, outputs: window.outputWidth)
    (self.rows, self.columns) = (rows, columns)
    self.outputs = (window.outputHeight, window.outputWidth, outputs)
    let (height, width) = (window.rows.input, window.columns.input)
    imageCount = height * width * channels
    gradientCount = window.outputHeight * window.outputWidth * outputs
    let isMerged = !isDepthwise && depth == outputs && columns.dilation == 1
    var parts: [Part] = []
    for row in rows.phases {
      for column in columns.phases {
        var walk = martlet_float_walk()
        (walk.rows, walk.pixels) = (Int32(row.count), Int32(column.count))
        (walk.row, walk.pixel) = (columns.padded * outputs, outputs)
        (walk.tap_rows, walk.tap_columns) = (Int32(row.taps.count), isMerged ? 1 : Int32(column.taps.count))
        walk.depth = Int32(isMerged ? column.taps.count * depth : depth)
        (walk.tap_row, walk.tap_column) = (rows.dilation * columns.padded * outputs, columns.dilation * outputs)
        (walk.output_row, walk.output_pixel) = (rows.stride * width * channels, columns.stride * channels)
        parts.append(
          Part(
            walk: walk,
            start: ((rows.before + row.start) * columns.padded + columns.before + column.start) * outputs,
            place: (row.first * width + column.first) * channels,
            taps: row.taps.flatMap { above in column.taps.map { above * window.columns.window + $0 } }))
      }
    }
    self.parts = parts
  }

  /// Calls `body` for each image of `range` with its gradient, zeros around it, and its number.
  func forEach(_ range: Range<Int>, of gradient: UnsafePointer<Float>, _ body: (UnsafePointer<Float>, Int) -> Void) {
    let padded = PackedFloats(count: rows.padded * columns.padded * outputs.channels)
    for index in range {
      martlet_float_pad(
        padded.base, Int32(rows.padded), Int32(columns.padded), gradient + index * gradientCount,
        Int32(outputs.height), Int32(outputs.width), Int32(rows.before), Int32(columns.before),
        Int32(outputs.channels))
      body(UnsafePointer(padded.base), index)
    }
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }

import CFirmware
import Martlet

/// Runs the network in flash on pictures in flash, learns a head from its features, and prints the head patch's bytes.
@main
enum Firmware {
  static func main() {
    let bytes = UnsafeRawBufferPointer(start: firmware_model(), count: Int(NETWORK_BYTES))
    let arena = UnsafeMutableRawBufferPointer(start: firmware_arena(), count: Int(NETWORK_ARENA_BYTES))
    do throws(Fault) {
      let model = try Verifier<NetworkOperators>.verify(bytes)
      var session = try Session(model, arena: arena)
      try learn(&session)
    } catch {
      write("fault ")
      firmware_write_number(Int32(error.code.rawValue))
      write(" at ")
      firmware_write_number(Int32(error.index))
      write("\n")
      firmware_exit(1)
    }
    firmware_exit(0)
  }

  private static func learn(_ session: inout Session<NetworkOperators>) throws(Fault) {
    let features = session.output()
    let shape = try HeadShape(
      featureCount: Int32(truncatingIfNeeded: features.count), classCount: Int32(HEAD_CLASSES),
      exampleCapacity: Int32(HEAD_EXAMPLES), scale: features.scale, zeroPoint: features.zeroPoint)
    write("head arena ")
    firmware_write_number(Int32(truncatingIfNeeded: shape.arenaBytes))
    write("\n")
    let arena = UnsafeMutableRawBufferPointer(start: head_arena(), count: Int(HEAD_ARENA_BYTES))
    var trainer = try HeadTrainer(shape, arena: arena)
    let values = UnsafeMutableBufferPointer(start: head_features(), count: features.count)
    let pixelBytes = Int(HEAD_PIXEL_BYTES)
    firmware_start_clock()
    for index in 0..<Int(HEAD_EXAMPLES) {
      let pixels = UnsafeBufferPointer(start: head_pixels() + index * pixelBytes, count: pixelBytes)
      try session.setInput(pixels: pixels.span)
      session.run()
      var span = values.mutableSpan
      try session.copyOutput(into: &span)
      try trainer.append(span.span, ofClass: Int(head_labels()[index]))
    }
    print("clocks features: ", firmware_stop_clock())
    firmware_start_clock()
    if HEAD_IMPRINTS == 1 {
      try trainer.imprint()
    } else {
      try trainer.begin()
      trainer.descend(steps: Int(HEAD_STEPS))
    }
    print("clocks training: ", firmware_stop_clock())
    try print(&trainer)
  }

  /// The patch, in hexadecimal words.
  private static func print(_ trainer: inout HeadTrainer) throws(Fault) {
    var header = Header()
    header.fileBytes = HEAD_BACKBONE_BYTES
    header.bodyChecksum = HEAD_BACKBONE_BODY
    header.headerChecksum = HEAD_BACKBONE_HEADER
    let labels = UnsafeRawBufferPointer(start: head_label_text(), count: Int(HEAD_LABEL_BYTES))
    let memory = UnsafeMutableRawBufferPointer(start: head_patch(), count: Int(HEAD_PATCH_BYTES))
    let count = try trainer.writePatch(
      BackboneIdentity(header), tensor: Int(HEAD_TENSOR), isPooled: HEAD_IS_POOLED == 1, labels: labels.bytes,
      into: memory)
    write("patch ")
    firmware_write_number(Int32(truncatingIfNeeded: count))
    write("\n")
    var place = 0
    while place < count {
      var word: UInt32 = 0
      var byte = 0
      while byte < 4 {
        word = word &<< 8
        if place + byte < count { word |= UInt32(head_patch()[place + byte]) }
        byte += 1
      }
      firmware_write_hexadecimal(word)
      place += 4
      if place % 64 == 0 { write("\n") }
    }
    write("\nend\n")
  }

  private static func print(_ text: StaticString, _ number: UInt32) {
    write(text)
    firmware_write_number(Int32(truncatingIfNeeded: number))
    write("\n")
  }

  private static func write(_ text: StaticString) {
    firmware_write(UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self))
  }
}

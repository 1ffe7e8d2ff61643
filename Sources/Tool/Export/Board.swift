/// A microcontroller board that a firmware can be exported for, as QEMU has it.
struct Board {
  /// A stretch of its memory.
  struct Region {
    let name: String
    let origin: UInt
    let bytes: Int
  }

  /// QEMU's name of the machine.
  let name: String
  let processor: String
  let clangTarget: String
  let processorFlags: [String]
  /// Clocks a second: what SysTick counts.
  let clockHertz: Int
  /// Where code lies, from the vector table on.
  let code: Region
  /// Where models may lie, the first that is large enough; "CODE" is shared with the code.
  let models: [Region]
  /// Data and stack.
  let memory: Region
  /// Where arenas may lie, the first that is large enough; "RAM" is shared with data and stack.
  let arenas: [Region]

  static let all = [mps2an386, mps2an500, mps3an547]

  /// Cortex-M4 with DSP extension and single-precision unit: 4 MB for code and model, 4 MB of RAM, 16 MB of slower RAM.
  static let mps2an386: Board = {
    let code = Region(name: "CODE", origin: 0, bytes: 4 << 20)
    let memory = Region(name: "RAM", origin: 0x2000_0000, bytes: 4 << 20)
    return Board(
      name: "mps2-an386", processor: "Cortex-M4", clangTarget: "thumbv7em-none-eabi",
      processorFlags: ["-mcpu=cortex-m4", "-mfloat-abi=softfp", "-mfpu=fpv4-sp-d16"],
      clockHertz: 25_000_000, code: code, models: [code], memory: memory,
      arenas: [memory, Region(name: "PSRAM", origin: 0x2100_0000, bytes: 16 << 20)])
  }()

  /// Cortex-M7: the same memories.
  static let mps2an500: Board = {
    let code = Region(name: "CODE", origin: 0, bytes: 4 << 20)
    let memory = Region(name: "RAM", origin: 0x2000_0000, bytes: 4 << 20)
    return Board(
      name: "mps2-an500", processor: "Cortex-M7", clangTarget: "thumbv7em-none-eabi",
      processorFlags: ["-mcpu=cortex-m7", "-mfloat-abi=softfp", "-mfpu=fpv5-d16"],
      clockHertz: 25_000_000, code: code, models: [code], memory: memory,
      arenas: [memory, Region(name: "PSRAM", origin: 0x6000_0000, bytes: 16 << 20)])
  }()

  /// Cortex-M55 with vectors: code and data in tightly coupled memory, the rest in SRAM and DDR (the secure aliases).
  static let mps3an547 = Board(
    name: "mps3-an547", processor: "Cortex-M55", clangTarget: "thumbv8.1m.main-none-eabi",
    processorFlags: ["-mcpu=cortex-m55", "-mfloat-abi=softfp"], clockHertz: 32_000_000,
    code: Region(name: "CODE", origin: 0, bytes: 512 << 10),
    models: [
      Region(name: "SRAM", origin: 0x1100_0000, bytes: 2 << 20),
      Region(name: "DDR", origin: 0x7000_0000, bytes: 128 << 20),
    ],
    memory: Region(name: "RAM", origin: 0x2000_0000, bytes: 512 << 10),
    arenas: [
      Region(name: "RAM", origin: 0x2000_0000, bytes: 512 << 10),
      Region(name: "SRAM2", origin: 0x3100_0000, bytes: 4 << 20),
      Region(name: "DDR2", origin: 0x7800_0000, bytes: 128 << 20),
    ])
}

extension Board {
  /// Bytes reserved for the stack.
  static let stackBytes = 8192
  /// Bytes that code and constants take at most.
  private static let codeBytes = 64 << 10

  /// The linker's description of the memories for a model of so many bytes, or what is too large.
  func memoryMap(modelBytes: Int, arenaBytes: Int) throws -> String {
    let model = try Self.place(models, modelBytes, "the model", reserve: ("CODE", Self.codeBytes), board: name)
    let arena = try Self.place(arenas, arenaBytes, "its arena", reserve: ("RAM", Self.stackBytes + 4096), board: name)
    var regions = [code, memory]
    for region in [model, arena] where !regions.contains(where: { $0.name == region.name }) { regions.append(region) }
    var text = "/* The memories of QEMU's \(name), as far as this network uses them. */\nMEMORY {\n"
    for region in regions {
      let origin = String(region.origin, radix: 16)
      text += "  \(region.name) : ORIGIN = 0x\(origin), LENGTH = \(region.bytes)\n"
    }
    text += "}\n"
    text += "REGION_ALIAS(\"MODEL\", \(model.name))\nREGION_ALIAS(\"ARENA\", \(arena.name))\n"
    return text + "STACK_BYTES = \(Self.stackBytes);\n"
  }

  private static func place(
    _ regions: [Region], _ bytes: Int, _ what: String, reserve: (name: String, bytes: Int), board: String
  ) throws -> Region {
    for region in regions {
      let free = region.bytes - (region.name == reserve.name ? reserve.bytes : 0)
      if bytes <= free { return region }
    }
    let largest = regions.map(\.bytes).max() ?? 0
    throw ToolError(
      "\(what) of \(bytes.grouped) bytes does not fit \(board), whose largest memory for it has \(largest.grouped) bytes: "
        + "use a narrower network, a smaller input, or another board.")
  }
}

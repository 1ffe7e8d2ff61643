// swift-tools-version: 6.2
import PackageDescription

let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableExperimentalFeature("Lifetimes"),
]

/// What tools/fuzz builds: nil, or `model` (the runtime alone), or everything.
let fuzzed = Context.environment["MARTLET_FUZZ"]

/// Kernels are optimized even in debug builds; contraction is off because the numeric contract forbids fused
/// multiply-add (Documentation/Architecture.md). With a sanitizer, -O3 would compile for half an hour.
let kernels: [CSetting] = [
  .unsafeFlags([fuzzed == nil ? "-O3" : "-O1", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra"])
]

let package = Package(
  name: "Martlet",
  products: [
    .library(name: "Martlet", targets: ["Martlet"]),
    .library(name: "Signatures", targets: ["Signatures"]),
    .executable(name: "martlet", targets: ["ToolMain"]),
    .executable(name: "martlet-run", targets: ["EdgeRun"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // martlet serve.
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    // Floor 0: the only C. CShim is what the runtime links; CHost is what only a host with an operating system has.
    .target(
      name: "CShim", path: "CShim", exclude: ["Host", "AllocationCounter", "Signature", "Library"], cSettings: kernels),
    .target(name: "CHost", path: "CShim/Host"),
    .target(name: "CSignature", path: "CShim/Signature", cSettings: kernels),
    .target(name: "CMartlet", path: "CShim/Library"),
    .target(name: "CAllocationCounter", path: "CShim/AllocationCounter"),
    // Floor 1
    .target(name: "Martlet", dependencies: ["CShim"], swiftSettings: swift),
    .target(name: "Graph", dependencies: ["CShim", "CHost"], swiftSettings: swift),
    // Floor 2
    .target(name: "Archives", dependencies: ["CHost"], swiftSettings: swift),
    .target(name: "Datasets", dependencies: ["Archives", "CHost"], swiftSettings: swift),
    .target(name: "Importers", dependencies: ["Graph", "Archives", "CHost"], swiftSettings: swift),
    .target(name: "Architectures", dependencies: ["Graph"], swiftSettings: swift),
    .target(name: "Compiler", dependencies: ["Graph", "Martlet", "CHost"], swiftSettings: swift),
    .target(name: "Signatures", dependencies: ["Martlet", "CSignature"], swiftSettings: swift),
    .target(name: "Training", dependencies: ["Graph"], swiftSettings: swift),
    .target(
      name: "Finetuning", dependencies: ["Martlet", "Compiler", "Training", "Datasets", "Graph", "CShim"],
      swiftSettings: swift),
    .target(name: "Threads", dependencies: ["Martlet", "CHost"], swiftSettings: swift),
    .target(
      name: "Serving",
      dependencies: [
        "CHost",
        .product(name: "FlyingFox", package: "FlyingFox"), .product(name: "FlyingSocks", package: "FlyingFox"),
      ],
      swiftSettings: swift),
    // Floor 3
    .target(
      name: "Tool",
      dependencies: [
        "Martlet", "Graph", "Archives", "Datasets", "Importers", "Architectures", "Training", "Compiler", "Finetuning",
        "Threads", "Signatures", "Serving", "CHost", "CShim", "CAllocationCounter",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "FlyingFox", package: "FlyingFox"),
      ],
      // Templates of exported firmware, and the served page, compiled into the tool as bytes.
      resources: [.embedInCode("Firmware"), .embedInCode("Serving/Page")],
      swiftSettings: swift),
    .executableTarget(name: "ToolMain", dependencies: ["Tool"], swiftSettings: swift),
    .executableTarget(name: "EdgeRun", dependencies: ["Martlet", "CShim", "CHost"], swiftSettings: swift),
    // The C interface; tools/build-c-library makes the library of it.
    .target(name: "CLibrary", dependencies: ["Martlet", "CShim", "CMartlet"], swiftSettings: swift),
    // For developers: what tools/fuzz and tools/attack try, and the tests beside it.
    .target(name: "ModelAttack", dependencies: ["Martlet", "CShim"], swiftSettings: swift),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "ModelAttack", "Martlet", "CShim", "Importers", "Compiler", "Graph", "Archives", "Datasets", "Finetuning",
        "Tool",
      ],
      swiftSettings: swift),
    // Tests
    .testTarget(name: "KernelTests", dependencies: ["CShim"], swiftSettings: swift),
    .testTarget(
      name: "MartletTests", dependencies: ["Martlet", "ModelAttack", "CShim", "CAllocationCounter"],
      swiftSettings: swift),
    .testTarget(name: "GraphTests", dependencies: ["Graph", "CShim"], swiftSettings: swift),
    .testTarget(name: "ArchivesTests", dependencies: ["Archives"], swiftSettings: swift),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "Archives", "CAllocationCounter"], swiftSettings: swift),
    .testTarget(
      name: "ImportersTests", dependencies: ["Importers", "Graph", "Archives", "CAllocationCounter"],
      swiftSettings: swift),
    .testTarget(
      name: "ArchitecturesTests", dependencies: ["Architectures", "Graph", "Importers", "Compiler", "Training"],
      swiftSettings: swift),
    .testTarget(
      name: "OperatorTests",
      dependencies: ["Martlet", "Threads", "Graph", "Compiler", "CShim", "CAllocationCounter"], swiftSettings: swift),
    .testTarget(
      name: "CompilerTests", dependencies: ["Compiler", "Graph", "Martlet", "Signatures", "CSignature", "CHost"],
      swiftSettings: swift),
    .testTarget(
      name: "TrainingTests", dependencies: ["Training", "Architectures", "Compiler", "Graph"], swiftSettings: swift),
    .testTarget(
      name: "FinetuningTests",
      dependencies: ["Finetuning", "Training", "Compiler", "Graph", "Martlet", "Datasets", "CShim"],
      swiftSettings: swift),
    .testTarget(
      name: "FuzzTargetsTests", dependencies: ["FuzzTargets", "Graph"], resources: [.copy("Findings")],
      swiftSettings: swift),
    .testTarget(name: "ServingTests", dependencies: ["Serving"], swiftSettings: swift),
    .testTarget(name: "EdgeRunTests", dependencies: ["EdgeRun"], swiftSettings: swift),
    .testTarget(
      name: "ToolTests",
      dependencies: [
        "Tool", "ToolMain", "Serving", "Importers", "Architectures", "Compiler", "Martlet", "Graph", "Archives",
        "Datasets",
      ],
      swiftSettings: swift),
  ],
  cLanguageStandard: .gnu17
)

// libFuzzer's process is linked only where tools/fuzz asks for it: with its flags no other executable has a main. For the target
// `model` it has the runtime alone: coverage of all else would be counted at every execution.
if let fuzzed {
  let isRuntimeAlone = fuzzed == "model"
  package.targets.append(
    .executableTarget(
      name: "Fuzz", dependencies: isRuntimeAlone ? ["ModelAttack"] : ["FuzzTargets"],
      swiftSettings: swift + [.unsafeFlags(["-parse-as-library"])] + (isRuntimeAlone ? [.define("RUNTIME_ALONE")] : []))
  )
}

import ArgumentParser
import CHost

/// Does what the process's arguments say, and ends the process.
package func runTool() {
  martlet_host_explain_signals()
  MartletCommand.main()
}

/// The command-line tool: one subcommand a file in `Commands/`.
struct MartletCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "martlet",
    abstract: "Turns float convolutional networks into small int8 files and runs them.",
    discussion: """
      A first answer:
        martlet convert network.onnx --preset imagenet --calibrate photos/ --labels labels.txt -o network.martlet
        martlet run network.martlet photo.jpg

      martlet doctor says what this machine has and what is missing.
      martlet --generate-completion-script bash (or zsh, fish) prints what makes the shell complete commands and files.
      """,
    version: toolVersion,
    subcommands: [
      Convert.self, Run.self, Eval.self, Bench.self, Inspect.self, Verify.self, Explain.self, Compare.self, Diff.self,
      Visualize.self, SelfTest.self, Sign.self, Deploy.self, Export.self, Plan.self, List.self, ListArchitectures.self,
      Train.self, Tune.self, Finetune.self, Merge.self, Doctor.self, Serve.self,
    ])
}

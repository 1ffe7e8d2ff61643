import Tool

/// Where the process begins.
@main
enum Entry {
  static func main() { runTool() }
}

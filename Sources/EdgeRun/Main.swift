import CHost

#if hasFeature(Embedded)
  /// The C entry: Embedded Swift has no `CommandLine`.
  @c(main)
  public func embeddedMain(_ count: Int32, _ values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
    EdgeRun.run(count: count, values: values)
  }
#else
  @main
  enum Entry {
    static func main() {
      martlet_host_exit(EdgeRun.run(count: CommandLine.argc, values: CommandLine.unsafeArgv))
    }
  }
#endif

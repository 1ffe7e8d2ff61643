import Testing

@testable import EdgeRun

/// Pictures that `martlet-run` reads itself.
@Suite struct PictureTests {
  private func size(_ header: String, samples: Int) -> [Int]? {
    let bytes = Array(header.utf8) + [UInt8](repeating: 7, count: samples)
    return bytes.withUnsafeBytes { bytes in
      guard let picture = Picture(bytes) else { return nil }
      #expect(picture.samples.allSatisfy { $0 == 7 })
      return [picture.width, picture.height, picture.channels, picture.samples.count]
    }
  }

  @Test func readsColorAndGray() {
    #expect(size("P6\n2 3\n255\n", samples: 18) == [2, 3, 3, 18])
    #expect(size("P5 4 1 255 ", samples: 4) == [4, 1, 1, 4])
    #expect(size("P5\n# made by hand 9 9\n4\t1\n# more\n255\n", samples: 9) == [4, 1, 1, 4])
  }

  @Test(arguments: [
    "", "P", "P6", "P6\n", "P4\n2 3\n255\n", "P6\n2 3\n65535\n", "P6\n2 3\n100\n", "P6\n0 3\n255\n", "P6\n2 -3\n255\n",
    "P6\n2 x\n255\n", "P6\n99999999999999999999 3\n255\n", "P6\n2 3\n255", "P6\n2 4\n255\n", "P6\n# 2 3\n255\n",
  ])
  func refuses(header: String) {
    #expect(size(header, samples: 18) == nil)
  }
}

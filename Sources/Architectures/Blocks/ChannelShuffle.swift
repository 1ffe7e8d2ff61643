import Graph

extension NetworkBuilder {
  /// Channel shuffle (Zhang et al., 2018): of `groups` groups of channels, first the first one of each, then the second
  /// one of each, and so on.
  mutating func channelShuffle(_ x: ValueID, groups: Int, name: String) throws(GraphError) -> ValueID {
    let image = shape(x)
    guard image[3].isMultiple(of: groups) else {
      throw GraphError("\(name): \(image[3]) channels do not divide into \(groups) groups; take another width")
    }
    var x = try apply(
      Reshape(shape: [1, image[1], image[2], groups, image[3] / groups]), x, name: "\(name).split")
    x = try apply(Transpose(permutation: [0, 1, 2, 4, 3]), x, name: name)
    return try apply(Reshape(shape: image), x, name: "\(name).join")
  }

  /// Some neighbouring channels of x.
  mutating func channelRange(_ x: ValueID, _ range: Range<Int>, name: String) throws(GraphError) -> ValueID {
    let image = shape(x)
    return try apply(
      Slice(begin: [0, 0, 0, range.lowerBound], size: [1, image[1], image[2], range.count], step: [1, 1, 1, 1]), x,
      name: name)
  }
}

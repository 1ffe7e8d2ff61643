extension Graph {
  /// Appends a three-dimensional convolution: of a volume whose D slices are stretches of channels. Each output slice is a
  /// convolution of some neighbouring slices, all with the same weights. With a kernel of 1 along the depth or 1×1 in the
  /// plane these are the two halves of a pseudo-3-D layer (Qiu et al. 2017; Tran et al. 2018).
  /// - Parameters:
  ///   - x: [1,H,W,D·C], slice by slice.
  ///   - depth: D.
  ///   - weights: [M,KH,KW,KD·C], slice by slice; KD is `kernelDepth`.
  ///   - bias: [M].
  ///   - kernelDepth: slices that meet in one output slice.
  ///   - depthStride: slices from one to the next.
  ///   - depthPadding: slices of zeros before the first and after the last.
  ///   - plane: the convolution in the plane: stride and padding.
  ///   - name: the layer's; the nodes it is made of add to it.
  /// - Returns: [1,OH,OW,OD·M], slice by slice.
  /// - Throws: `GraphError` when shapes do not fit.
  public mutating func appendVolumeConvolution(
    _ x: ValueID, depth: Int, weights: ValueID, bias: ValueID, kernelDepth: Int, depthStride: Int = 1,
    depthPadding: Int = 0, plane: Conv2D, name: String
  ) throws(GraphError) -> ValueID {
    let image = self[x].shape
    try expectImage(image)
    try expect(depth, in: 1...max(1, image[3]), "the depth")
    try expect(depthStride, in: 1...depth, "the depth's stride")
    try expect(depthPadding, in: 0...64, "the depth's padding")
    let slices = depth + 2 * depthPadding
    try expect(kernelDepth, in: 1...slices, "the kernel's depth")
    guard image[3].isMultiple(of: depth) else {
      throw GraphError("\(name): \(image[3]) channels do not divide into \(depth) slices")
    }
    let channels = image[3] / depth
    var padded = x
    if depthPadding > 0 {
      let more = [0, 0, 0, depthPadding * channels]
      padded = try apply(Pad(before: more, after: more), x, name: "\(name).pad")
    }
    var results: [ValueID] = []
    for slice in stride(from: 0, through: slices - kernelDepth, by: depthStride) {
      let size = [1, image[1], image[2], kernelDepth * channels]
      let part = try apply(
        Slice(begin: [0, 0, 0, slice * channels], size: size, step: [1, 1, 1, 1]), padded,
        name: "\(name).slices.\(slice)")
      results.append(try apply(plane, part, weights, bias, name: "\(name).\(slice)"))
    }
    return results.count == 1 ? results[0] : try append(Concat(axis: 3), results, name: name)[0]
  }
}

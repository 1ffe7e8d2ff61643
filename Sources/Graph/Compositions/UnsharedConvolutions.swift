/// Convolutions whose weights are not the same at every place, of layers that exist: they train and run in int8 as those do.
extension Graph {
  /// Appends a locally connected layer (LeCun 1989; Gregor and LeCun 2010): every output pixel has weights of its own. Windows
  /// become channels of one pixel, and a convolution with a group for each pixel multiplies them.
  /// - Parameters:
  ///   - x: [1,H,W,C].
  ///   - weights: [OH·OW·M, 1, 1, KH·KW·C], the M outputs of a pixel adjacent, pixels row by row.
  ///   - bias: [OH·OW·M].
  ///   - kernel: KH×KW.
  ///   - stride: pixels from window to window.
  ///   - padding: rows and columns of zeros around the image.
  ///   - name: the layer's; the nodes it is made of add to it.
  /// - Returns: [1,OH,OW,M].
  /// - Throws: `GraphError` when shapes do not fit.
  public mutating func appendLocallyConnected(
    _ x: ValueID, weights: ValueID, bias: ValueID, kernel: Size2D, stride: Size2D = .one, padding: Padding2D = .zero,
    name: String
  ) throws(GraphError) -> ValueID {
    let image = self[x].shape
    let window = try Window2D(image: image, window: kernel, stride: stride, padding: padding)
    let (height, width, pixels) = (window.outputHeight, window.outputWidth, window.outputHeight * window.outputWidth)
    guard self[weights].shape.first?.isMultiple(of: pixels) == true else {
      throw GraphError("\(name): weights of shape \(self[weights].shape) do not divide into \(pixels) output pixels")
    }
    let padded = try appendPadding(x, padding, name: "\(name).pad")
    var taps: [ValueID] = []
    for row in 0..<kernel.height {
      for column in 0..<kernel.width {
        let part = Slice(
          begin: [0, row, column, 0], size: [1, height, width, image[3]], step: [1, stride.height, stride.width, 1])
        taps.append(try apply(part, padded, name: "\(name).tap.\(row).\(column)"))
      }
    }
    let depth = taps.count * image[3]
    let windows = try append(Concat(axis: 3), taps, name: "\(name).windows")[0]
    let line = try apply(Reshape(shape: [1, 1, 1, pixels * depth]), windows, name: "\(name).line")
    let products = try apply(Conv2D(groups: pixels), line, weights, bias, name: name)
    let outputs = self[weights].shape[0] / pixels
    return try apply(Reshape(shape: [1, height, width, outputs]), products, name: "\(name).image")
  }

  /// Appends a tiled convolution (Le et al. 2010): neighbouring output pixels have different weights, which come again after
  /// `tile` pixels. Each place of the tile is a convolution with the tile as its stride; their results are interleaved.
  /// - Parameters:
  ///   - x: [1,H,W,C].
  ///   - kernels: for each place of the tile, row by row, weights [M,KH,KW,C] of one shape and a bias [M].
  ///   - tile: pixels after which kernels come again, 1…64 each way.
  ///   - padding: rows and columns of zeros around the image.
  ///   - name: the layer's; the nodes it is made of add to it.
  /// - Returns: [1,OH,OW,M], of stride 1.
  /// - Throws: `GraphError` when shapes do not fit.
  public mutating func appendTiledConvolution(
    _ x: ValueID, kernels: [(weights: ValueID, bias: ValueID)], tile: Size2D, padding: Padding2D = .zero, name: String
  ) throws(GraphError) -> ValueID {
    try expect(tile.height, in: 1...64, "the tile's height")
    try expect(tile.width, in: 1...64, "the tile's width")
    guard let first = kernels.first, kernels.count == tile.height * tile.width,
      kernels.allSatisfy({ self[$0.weights].shape == self[first.weights].shape && self[$0.weights].shape.count == 4 })
    else {
      throw GraphError("\(name): a tile of \(tile.height)×\(tile.width) needs as many kernels, all of one shape")
    }
    let (image, weights) = (self[x].shape, self[first.weights].shape)
    let window = try Window2D(image: image, window: Size2D(weights[1], weights[2]), stride: .one, padding: padding)
    // Whole tiles, of which the last may be cut off.
    let rows = (window.outputHeight + tile.height - 1) / tile.height
    let columns = (window.outputWidth + tile.width - 1) / tile.width
    var grown = padding
    grown.bottom += rows * tile.height - window.outputHeight
    grown.right += columns * tile.width - window.outputWidth
    let padded = try appendPadding(x, grown, name: "\(name).pad")
    let size = [1, (rows - 1) * tile.height + weights[1], (columns - 1) * tile.width + weights[2], image[3]]
    var places: [ValueID] = []
    for (index, kernel) in kernels.enumerated() {
      let begin = [0, index / tile.width, index % tile.width, 0]
      let part = try apply(
        Slice(begin: begin, size: size, step: [1, 1, 1, 1]), padded, name: "\(name).part.\(index)")
      places.append(
        try apply(Conv2D(stride: tile), part, kernel.weights, kernel.bias, name: "\(name).\(index)"))
    }
    let joined = try append(Concat(axis: 3), places, name: "\(name).places")[0]
    let whole = try apply(DepthToSpace(block: tile), joined, name: "\(name).interleaved")
    let result = [1, window.outputHeight, window.outputWidth, weights[0]]
    if self[whole].shape == result { return whole }
    return try apply(Slice(begin: [0, 0, 0, 0], size: result, step: [1, 1, 1, 1]), whole, name: name)
  }

  /// Zeros around an image, if there are any.
  private mutating func appendPadding(
    _ x: ValueID, _ padding: Padding2D, name: String
  ) throws(GraphError) -> ValueID {
    if padding == .zero { return x }
    return try apply(
      Pad(before: [0, padding.top, padding.left, 0], after: [0, padding.bottom, padding.right, 0]), x, name: name)
  }
}

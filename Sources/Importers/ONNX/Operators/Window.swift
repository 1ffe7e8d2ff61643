import Graph

/// The attributes that convolution and pooling share, for N×C×H×W or N×C×W inputs.
struct Window {
  var kernel: Size2D
  var stride: Size2D
  var dilation: Size2D
  var padding: Padding2D

  /// Reads strides, dilations, pads and auto_pad for a kernel of these sizes over an image.
  ///
  /// - Throws: `Unsupported` for lists of a wrong length and numbers outside what an image can have.
  init(_ node: NodeArguments, kernel sizes: [Int], image: ActivationView) throws(Unsupported) {
    let count = image.rank - 2
    guard count == 1 || count == 2 else {
      throw Unsupported(
        "its input has \(image.rank) dimensions \(image.shape)", "Only N×C×H×W and N×C×W inputs can be imported")
    }
    guard sizes.count == count, sizes.allSatisfy({ (1...65535).contains($0) }) else {
      throw .invalid("its kernel \(sizes.prefix(8)) does not fit an input of shape \(image.shape)")
    }
    let strides = try node.sizes("strides", count: count, default: 1, in: 1...65535)
    let dilations = try node.sizes("dilations", count: count, default: 1, in: 1...65535)
    var pads = try node.sizes("pads", count: 2 * count, default: 0, in: 0...65535)
    let automatic = node.text("auto_pad") ?? "NOTSET"
    switch automatic {
    case "NOTSET", "": break
    case "VALID": pads = [Int](repeating: 0, count: 2 * count)
    case "SAME_UPPER", "SAME_LOWER":
      for axis in 0..<count {
        let size = image.shape[axis + 2]
        let reach = (sizes[axis] - 1) * dilations[axis] + 1
        let total = max(0, ((size + strides[axis] - 1) / strides[axis] - 1) * strides[axis] + reach - size)
        let smaller = total / 2
        pads[axis] = automatic == "SAME_UPPER" ? smaller : total - smaller
        pads[axis + count] = total - pads[axis]
      }
    default: throw .invalid("its auto_pad is '\(automatic)'")
    }
    func pair(_ list: [Int]) -> Size2D { count == 1 ? Size2D(1, list[0]) : Size2D(list[0], list[1]) }
    kernel = pair(sizes)
    stride = pair(strides)
    dilation = pair(dilations)
    padding =
      count == 1
      ? Padding2D(top: 0, left: pads[0], bottom: 0, right: pads[1])
      : Padding2D(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3])
  }
}

extension Translator {
  /// The view of a convolution's or pooling's [N,H,W,C] result.
  ///
  /// A pooling keeps the channels of its input as they are stored; a convolution makes new ones.
  func imageResult(_ id: ValueID, of image: ActivationView, keepsChannels: Bool) -> ActivationView {
    let shape = graph[id].shape
    let sourceShape = image.rank == 4 ? [shape[0], shape[3], shape[1], shape[2]] : [shape[0], shape[3], shape[2]]
    let order = image.rank == 4 ? [0, 2, 3, 1] : [0, -1, 2, 1]
    let result = ActivationView.fresh(id, shape: sourceShape, order: order)
    guard keepsChannels, image.source[1].count > 1 else { return result }
    var kept = image
    kept.id = id
    for axis in result.source.indices where axis != 1 {
      kept.source[axis] = result.source[axis].map { atom in
        kept.atoms.append(result.atoms[atom])
        return kept.atoms.count - 1
      }
    }
    let height = image.rank == 4 ? kept.source[2] : []
    kept.dims = [kept.source[0], height, kept.source[image.rank - 1], image.dims[3]]
    return kept
  }
}

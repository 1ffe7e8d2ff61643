"""ONNX networks of common layers in Keras, channels last, with the same weights."""
import sys


def described(node):
    """A node without what only ONNX knows: its kind, the names of its values, its attributes of numbers."""
    import onnx
    attributes = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    return {"kind": node.op_type, "inputs": list(node.input), "outputs": list(node.output),
            "attributes": {name: value for name, value in attributes.items() if isinstance(value, (int, float, list))}}


def model(path):
    """A whole ONNX file as a Keras model of one input and one output."""
    import keras, onnx
    file = onnx.load(path)
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in file.graph.initializer}
    for node in file.graph.node:
        if node.op_type == "Constant":
            weights[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
    source = next(one for one in file.graph.input if one.name not in weights)
    nodes = [described(node) for node in file.graph.node if node.op_type != "Constant"]
    _, channels, size, _ = (one.dim_value for one in source.type.tensor_type.shape.dim)
    made = values(nodes, weights, source.name, size, channels)
    return keras.Model(made[source.name], made[file.graph.output[0].name])


def values(nodes, weights, source, size, channels=3):
    """Every value of a network, by name, from a square input called `source`."""
    import keras
    made = {source: keras.Input((size, size, channels))}
    for node in nodes:
        made[node["outputs"][0]] = layer(node, made, weights, keras)
    return made


def layer(node, made, weights, keras):
    """The value that a node makes of those in `made`; `weights` are the network's constants by name."""
    get, attributes = lambda number: made[node["inputs"][number]], node["attributes"]
    constant = lambda number: weights[node["inputs"][number]]
    kind, layers = node["kind"], keras.layers
    if kind in ("Conv", "MaxPool", "AveragePool"):
        return window(node, get(0), weights, keras)
    if kind == "Gemm":
        dense = layers.Dense(constant(1).shape[0])
        result = dense(get(0))
        dense.set_weights([constant(1).T, constant(2)])
        return result
    if kind == "Clip":
        return layers.ReLU(max_value=float(constant(2)))(get(0))
    if kind == "Relu":
        return layers.ReLU()(get(0))
    if kind == "Add":
        return layers.Add()([get(0), get(1)])
    if kind == "Concat":
        return layers.Concatenate()([made[name] for name in node["inputs"]])
    if kind == "GlobalAveragePool":
        return layers.GlobalAveragePooling2D(keepdims=True)(get(0))
    if kind in ("Flatten", "Reshape"):
        x = get(0)
        is_image = len(x.shape) == 4 and x.shape[1:3] != (1, 1)
        return layers.Flatten()(layers.Permute((3, 1, 2))(x) if is_image else x)
    if kind == "Slice" and list(constant(1)) == [0] and len(node["inputs"]) == 5:
        places = [slice(None)] * 4
        places[[0, 3, 1, 2][int(constant(3)[0])]] = slice(0, None, int(constant(4)[0]))
        return get(0)[tuple(places)]
    if kind == "Pad":
        before, after = constant(1)[:4], constant(1)[4:]
        return keras.ops.pad(get(0), [(int(before[axis]), int(after[axis])) for axis in (0, 2, 3, 1)])
    sys.exit(f"{kind} is not known here, or not in this form")


def window(node, x, weights, keras):
    """A convolution or a pool."""
    kind, attributes, layers = node["kind"], node["attributes"], keras.layers
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    # What is pooled here is never negative: zeros do not change a maximum.
    if kind == "MaxPool" and attributes.get("ceil_mode", 0):
        bottom, right = bottom + 1, right + 1
    if any((top, left, bottom, right)):
        x = layers.ZeroPadding2D(((top, bottom), (left, right)))(x)
    strides = attributes.get("strides", [1, 1])
    if kind == "MaxPool":
        return layers.MaxPooling2D(attributes["kernel_shape"], strides)(x)
    if kind == "AveragePool":
        return layers.AveragePooling2D(attributes["kernel_shape"], strides)(x)
    kernel = weights[node["inputs"][1]]
    bias = [weights[node["inputs"][2]]] if len(node["inputs"]) > 2 else []
    if attributes.get("group", 1) == 1:
        convolution = layers.Conv2D(kernel.shape[0], kernel.shape[2:], strides, use_bias=bool(bias))
        kernel = kernel.transpose(2, 3, 1, 0)
    else:
        convolution = layers.DepthwiseConv2D(kernel.shape[2:], strides, use_bias=bool(bias))
        kernel = kernel.transpose(2, 3, 0, 1)
    result = convolution(x)
    convolution.set_weights([kernel] + bias)
    return result

"""Seeded random `.tflite` networks of one int8 operator, to compare runtimes where no trained network has the operator.

`cases(kind, count)` gives file contents. They are written with the schema's classes of the package tflite-micro (and the
package flatbuffers); the shape of the output is what LiteRT finds.
"""
import numpy


def schema():
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated
    return schema_py_generated


class Network:
    """One operator with its tensors. `random` is its own generator."""

    def __init__(self, kind, seed):
        self.kind, self.random = kind, numpy.random.default_rng(seed)
        self.tensors, self.inputs, self.activations, self.options = [], [], [], None
        self.output_rule = None
        # SLICE is checked against the file's own shape of the output; all others find theirs.
        self.output_shape = [1]

    def rule(self, low=0.004, high=0.12):
        return float(numpy.float32(numpy.exp(self.random.uniform(numpy.log(low), numpy.log(high))))), self.zero_point()

    def zero_point(self):
        return int(self.random.choice([-128, 0, self.random.integers(-128, 128)]))

    def tensor(self, shape, kind="int8", data=None, rule=None, scales=None, dimension=0):
        self.tensors.append((list(shape), kind, data, rule, scales, dimension))
        return len(self.tensors) - 1

    def activation(self, shape, rule=None):
        index = self.tensor(shape, rule=rule or self.rule())
        self.activations.append(index)
        self.inputs.append(index)
        return index

    def constant(self, values, kind="int32", rule=None):
        array = numpy.asarray(values, {"int32": numpy.int32, "int8": numpy.int8}[kind])
        index = self.tensor(array.shape, kind, array, rule)
        self.inputs.append(index)
        return index

    def weights(self, shape, channels, dimension, input_rule, per_channel=True, low=0.001, high=0.02):
        scales = numpy.exp(self.random.uniform(numpy.log(low), numpy.log(high), channels if per_channel else 1))
        values = self.random.integers(-127, 128, shape).astype(numpy.int8)
        self.inputs.append(self.tensor(shape, "int8", values, None, scales.astype(numpy.float32), dimension))
        biases = self.random.integers(-20000, 20000, channels).astype(numpy.int32)
        bias_scales = (scales.astype(numpy.float32) * numpy.float32(input_rule[0])).astype(numpy.float32)
        self.inputs.append(self.tensor([channels], "int32", biases, None, bias_scales, 0))

    def options_of(self, name, **fields):
        made = getattr(schema(), name + "OptionsT")()
        for field, value in fields.items():
            setattr(made, field, value)
        self.options = (name + "Options", made)

    def pick(self, *choices):
        return choices[int(self.random.integers(len(choices)))]

    def size(self, low, high):
        return int(self.random.integers(low, high + 1))

    def encoded(self, output_shapes, version):
        import flatbuffers
        s = schema()
        model, graph, code, operator = s.ModelT(), s.SubGraphT(), s.OperatorCodeT(), s.OperatorT()
        code.builtinCode = getattr(s.BuiltinOperator, self.kind)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), version
        model.version, model.operatorCodes, model.buffers, graph.tensors = 3, [code], [s.BufferT()], []
        outputs = [(shape, "int8", None, self.output_rule, None, 0) for shape in output_shapes]
        for index, (shape, kind, data, rule, scales, dimension) in enumerate(self.tensors + outputs):
            tensor = s.TensorT()
            tensor.shape, tensor.name, tensor.buffer = [int(size) for size in shape], f"t{index}", 0
            tensor.type = {"int8": s.TensorType.INT8, "int32": s.TensorType.INT32}[kind]
            if rule or scales is not None:
                tensor.quantization = s.QuantizationParametersT()
                tensor.quantization.scale = numpy.asarray([rule[0]] if rule else scales, numpy.float32)
                count = len(tensor.quantization.scale)
                tensor.quantization.zeroPoint = numpy.asarray([rule[1]] if rule else [0] * count, numpy.int64)
                tensor.quantization.quantizedDimension = dimension
            if data is not None:
                buffer = s.BufferT()
                buffer.data = numpy.frombuffer(data.tobytes(), numpy.uint8)
                tensor.buffer = len(model.buffers)
                model.buffers.append(buffer)
            graph.tensors.append(tensor)
        graph.inputs = list(self.activations)
        graph.outputs = [len(self.tensors) + index for index in range(len(outputs))]
        operator.opcodeIndex, operator.inputs, operator.outputs = 0, list(self.inputs), list(graph.outputs)
        if self.options:
            operator.builtinOptionsType = getattr(s.BuiltinOptions, self.options[0])
            operator.builtinOptions = self.options[1]
        graph.operators, graph.name, model.subgraphs, model.description = [operator], "main", [graph], self.kind
        builder = flatbuffers.Builder(4096)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


# MARK: Operators with weights and windows

def convolution(net):
    kernel, (channels, outputs) = (net.size(1, 5), net.size(1, 5)), (net.size(1, 20), net.size(1, 40))
    x = net.rule()
    net.activation([1, net.size(6, 14), net.size(6, 14), channels], x)
    net.weights([outputs, *kernel, channels], outputs, 0, x)
    dilation = net.pick(1, 1, 2)
    stride = net.pick(1, 1, 2, 3) if dilation == 1 else 1
    net.options_of("Conv2D", padding=0 if max(kernel) * dilation > 6 else net.pick(0, 1), strideW=stride,
                   strideH=net.pick(stride, 1), dilationWFactor=dilation, dilationHFactor=dilation,
                   fusedActivationFunction=net.pick(0, 1, 3))
    net.output_rule = net.rule(0.05, 0.6)


def depthwise(net):
    kernel, channels, multiplier = (net.size(1, 5), net.size(1, 5)), net.size(1, 40), net.pick(1, 1, 1, 2)
    x = net.rule()
    net.activation([1, net.size(6, 14), net.size(6, 14), channels], x)
    net.weights([1, *kernel, channels * multiplier], channels * multiplier, 3, x)
    stride = net.pick(1, 1, 2)
    net.options_of("DepthwiseConv2D", padding=net.pick(0, 1), strideW=stride, strideH=stride, depthMultiplier=multiplier,
                   dilationWFactor=1, dilationHFactor=1, fusedActivationFunction=net.pick(0, 1, 3))
    net.output_rule = net.rule(0.02, 0.3)


def fully_connected(net):
    inputs, outputs = net.size(1, 300), net.size(1, 60)
    x = net.rule()
    net.activation([1, inputs], x)
    net.weights([outputs, inputs], outputs, 0, x, per_channel=net.pick(True, False))
    net.options_of("FullyConnected", fusedActivationFunction=net.pick(0, 1, 3))
    net.output_rule = net.rule(0.02, 0.5)


def transposed_convolution(net):
    height, width, channels, outputs = net.size(2, 8), net.size(2, 8), net.size(1, 12), net.size(1, 12)
    kernel, stride, padding = net.size(2, 4), net.pick(1, 2), net.pick(0, 1)
    sizes = [size * stride if padding == 0 else (size - 1) * stride + kernel for size in (height, width)]
    net.constant([1, *sizes, outputs])
    x = net.rule()
    scales = numpy.exp(net.random.uniform(-6.5, -4, outputs)).astype(numpy.float32)
    values = net.random.integers(-127, 128, [outputs, kernel, kernel, channels]).astype(numpy.int8)
    net.inputs.append(net.tensor(values.shape, "int8", values, None, scales, 0))
    net.activation([1, height, width, channels], x)
    net.options_of("TransposeConv", padding=padding, strideW=stride, strideH=stride)
    net.output_rule = net.rule(0.05, 0.5)


def pooling(net):
    x = net.rule()
    net.activation([1, net.size(5, 14), net.size(5, 14), net.size(1, 40)], x)
    stride = net.pick(1, 2)
    net.options_of("Pool2D", padding=net.pick(0, 1), strideW=stride, strideH=stride, filterWidth=net.size(1, 5),
                   filterHeight=net.size(1, 5), fusedActivationFunction=net.pick(0, 0, 1, 3))
    net.output_rule = x


def reduction(sames=False):
    def make(net):
        x = net.rule()
        net.activation([1, net.size(1, 12), net.size(1, 12), net.size(1, 30)], x)
        net.constant(net.pick([1, 2], [1, 2], [1], [2], [3], [-1], [1, 2, 3]))
        net.options_of("Reducer", keepDims=net.pick(True, False))
        net.output_rule = x if sames else net.rule(0.01, 0.12)
    return make


# MARK: Operators place by place

def function(low=0.01, high=0.1, output=None, options=None, positive=False):
    def make(net):
        x = (net.rule(low, high)[0], -128) if positive else net.rule(low, high)
        net.activation([1, net.size(1, 9), net.size(1, 9), net.size(1, 20)], x)
        if options:
            net.options_of(options[0], **{key: value(net) for key, value in options[1].items()})
        net.output_rule = output or net.rule(low, high)
    return make


def binary(name=None, same=False, activation=True):
    def make(net):
        shape = [1, net.size(1, 9), net.size(1, 9), net.size(1, 20)]
        x = net.rule(0.01, 0.1)
        net.activation(shape, x)
        other = net.pick(shape, shape, [1, 1, 1, shape[3]], [1, shape[1], shape[2], 1], [1, 1, 1, 1])
        rule = x if same else net.rule(0.01, 0.1)
        if net.pick(True, True, False):
            net.activation(other, rule)
        else:
            net.constant(net.random.integers(-128, 128, other), "int8", rule)
        if name:
            net.options_of(name, **({"fusedActivationFunction": net.pick(0, 0, 1, 3)} if activation else {}))
        net.output_rule = x if same else net.rule(0.01, 0.2)
    return make


def prelu(net):
    shape = [1, net.size(1, 9), net.size(1, 9), net.size(1, 20)]
    net.activation(shape, net.rule())
    net.constant(net.random.integers(-128, 128, [1, 1, shape[3]]), "int8", net.rule(0.002, 0.01))
    net.output_rule = net.rule()


def softmax(options, rule):
    def make(net):
        net.activation(net.pick([1, net.size(2, 40)], [1, net.size(1, 5), net.size(1, 5), net.size(2, 20)]), net.rule(0.01, 0.2))
        net.options_of(options, **({"beta": 1.0} if options == "Softmax" else {}))
        net.output_rule = rule
    return make


# MARK: Operators that move

def moved(*inputs, options=None):
    """An image [1, h, w, c] with these constants (functions of the generator and the shape)."""
    def make(net):
        shape = [1, 2 * net.size(1, 5), 2 * net.size(1, 5), 4 * net.size(1, 5)]
        x = net.rule()
        net.activation(shape, x)
        for constant in inputs:
            net.constant(constant(net, shape))
        if options:
            net.options_of(options[0], **{key: value(net) if callable(value) else value for key, value in options[1].items()})
        net.output_rule = x
    return make


def joined(options, count_field=None):
    def make(net):
        shape, axis, x = [1, net.size(1, 6), net.size(1, 6), net.size(1, 9)], net.pick(1, 2, 3), net.rule()
        count = net.size(2, 4)
        for _ in range(count):
            net.activation(list(shape), x)
            if options == "Concatenation":
                shape[axis] = net.size(1, 9)
        net.options_of(options, axis=axis, **({count_field: count} if count_field else {}))
        net.output_rule = x
    return make


def padded(net):
    shape, x = [1, net.size(3, 6), net.size(3, 6), net.size(3, 9)], net.rule()
    net.activation(shape, x)
    net.constant([[0, 0], [net.size(0, 2), net.size(0, 2)], [net.size(0, 2), net.size(0, 2)], net.pick([0, 0], [1, 2])])
    if net.kind == "PADV2":
        net.constant(net.random.integers(-128, 128, []), "int8", x)
        net.options_of("PadV2")
    elif net.kind == "MIRROR_PAD":
        net.options_of("MirrorPad", mode=net.pick(0, 1))
    else:
        net.options_of("Pad")
    net.output_rule = x


def sliced(net):
    shape, x = [1, net.size(3, 8), net.size(3, 8), net.size(3, 9)], net.rule()
    net.activation(shape, x)
    begin = [0] + [net.size(0, 1) for _ in range(3)]
    if net.kind == "SLICE":
        net.constant(begin)
        net.output_shape = [1] + [net.size(1, size - 1) for size in shape[1:]]
        net.constant(net.output_shape)
        net.options_of("Slice")
    else:
        net.constant(begin)
        net.constant([1] + [size - net.size(0, 1) for size in shape[1:]])
        net.constant([1, net.size(1, 2), net.size(1, 2), net.size(1, 2)])
        net.options_of("StridedSlice", beginMask=net.pick(0, 2), endMask=net.pick(0, 4))
    net.output_rule = x


def resized(options):
    def make(net):
        x = net.rule()
        net.activation([1, net.size(2, 8), net.size(2, 8), net.size(1, 9)], x)
        net.constant([net.size(2, 17), net.size(2, 17)])
        mode = net.size(0, 2)
        net.options_of(options, alignCorners=mode == 1, halfPixelCenters=mode == 2)
        net.output_rule = x
    return make


# NEG is left out: LiteRT negates the bytes, whatever their zero point.
HALF, UNIT = (1 / 256, -128), (1 / 128, 0)
KINDS = {
    "CONV_2D": convolution, "DEPTHWISE_CONV_2D": depthwise, "FULLY_CONNECTED": fully_connected,
    "TRANSPOSE_CONV": transposed_convolution, "AVERAGE_POOL_2D": pooling, "MAX_POOL_2D": pooling,
    "MEAN": reduction(), "SUM": reduction(), "REDUCE_MAX": reduction(True), "REDUCE_MIN": reduction(True),
    "ADD": binary("Add"), "SUB": binary("Sub"), "MUL": binary("Mul"),
    "MAXIMUM": binary("MaximumMinimum", True, False), "MINIMUM": binary("MaximumMinimum", True, False),
    "SQUARED_DIFFERENCE": binary("SquaredDifference", activation=False), "PRELU": prelu,
    "LOGISTIC": function(0.02, 0.1, HALF), "TANH": function(0.01, 0.06, UNIT), "HARD_SWISH": function(),
    "LEAKY_RELU": function(options=("LeakyRelu", {"alpha": lambda net: float(net.random.uniform(0.01, 0.5))})),
    "ELU": function(), "GELU": function(options=("Gelu", {"approximate": lambda net: net.pick(True, False)})),
    "RELU": function(), "RELU6": function(), "RELU_N1_TO_1": function(), "ABS": function(),
    "RSQRT": function(0.01, 0.05, positive=True), "EXP": function(0.005, 0.02),
    "LOG": function(0.01, 0.05, positive=True), "QUANTIZE": function(),
    "SOFTMAX": softmax("Softmax", HALF), "LOG_SOFTMAX": softmax("LogSoftmax", (16 / 256, 127)),
    "L2_NORMALIZATION": function(output=UNIT, options=("L2Norm", {})),
    "CONCATENATION": joined("Concatenation"), "PACK": joined("Pack", "valuesCount"), "PAD": padded, "PADV2": padded,
    "MIRROR_PAD": padded, "SLICE": sliced, "STRIDED_SLICE": sliced,
    "RESIZE_BILINEAR": resized("ResizeBilinear"), "RESIZE_NEAREST_NEIGHBOR": resized("ResizeNearestNeighbor"),
    "DEPTH_TO_SPACE": moved(options=("DepthToSpace", {"blockSize": 2})),
    "SPACE_TO_DEPTH": moved(options=("SpaceToDepth", {"blockSize": 2})),
    "TRANSPOSE": moved(lambda net, shape: [0, *(net.random.permutation(3) + 1)], options=("Transpose", {})),
    "RESHAPE": moved(lambda net, shape: net.pick([1, -1], [1, shape[1] * shape[2], 1, shape[3]]), options=("Reshape", {})),
    "GATHER": moved(lambda net, shape: net.random.integers(0, 2, 3), options=("Gather", {"axis": lambda net: net.pick(1, 2, 3)})),
    "TILE": moved(lambda net, shape: [1, net.size(1, 2), net.size(1, 3), net.size(1, 2)], options=("Tile", {})),
}


def case(kind, number):
    """The file of one case, or None where LiteRT refuses the combination."""
    import tflite_files
    network = Network(kind, [number, sum(kind.encode()) * 1000 + len(kind)])
    KINDS[kind](network)
    # The newest version of the operator that LiteRT knows.
    for version in (5, 4, 3, 2, 1):
        outputs = [network.output_shape]
        try:
            for _ in range(2):
                interpreter = tflite_files.litert(network.encoded(outputs, version), delegate=False)
                outputs = [[int(size) for size in entry["shape"]] for entry in interpreter.get_output_details()]
            return network.encoded(outputs, version)
        except (RuntimeError, ValueError):
            continue
    return None

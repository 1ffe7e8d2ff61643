"""The networks of peers_networks.py as int8 .tflite files, for tools/peers-bench.

Weights are random int8 numbers with a scale a channel, activations have plausible scales: enough for latency, which does
not depend on them. Paddings are TensorFlow's own (SAME, VALID), clamps are fused, as TensorFlow's converter does it. Needs
the schema classes that ai-edge-litert brings.
"""
import numpy
from ai_edge_litert import schema_py_generated as schema
import flatbuffers

ACTIVATIONS = {None: 0, "relu": 1, "relu6": 3}
INT8, INT32 = 9, 2


class TFLiteNetwork:
    """What `peers_networks.Network` is for ONNX: the same calls, another file."""

    def __init__(self, name, size=224, channels=3):
        self.random = numpy.random.default_rng(7)
        self.name, self.channels = name, channels
        self.tensors, self.buffers, self.operators, self.codes = [], [schema.BufferT()], [], {}
        self.shapes = {}
        self.value = self.activations("input", [1, size, size, channels])
        self.input = self.value

    # MARK: Tensors

    def tensor(self, name, shape, kind, scales, zero_points, axis=0, data=None):
        entry = schema.TensorT()
        entry.name, entry.shape, entry.type = name, list(shape), kind
        quantization = schema.QuantizationParametersT()
        quantization.scale = [float(scale) for scale in scales]
        quantization.zeroPoint = [int(point) for point in zero_points]
        quantization.quantizedDimension = axis
        entry.quantization = quantization
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = numpy.frombuffer(data.tobytes(), numpy.uint8)
            self.buffers.append(buffer)
            entry.buffer = len(self.buffers) - 1
        self.tensors.append(entry)
        return len(self.tensors) - 1

    def activations(self, name, shape, scale=0.0235, zero_point=-128):
        index = self.tensor(name, shape, INT8, [scale], [zero_point])
        self.shapes[index] = list(shape)
        return index

    def constants(self, shape, outputs, axis, input_scale):
        """Weights and biases."""
        taps = int(numpy.prod(shape)) / outputs
        scales = self.random.uniform(0.7, 1.3, outputs) * (2 / taps) ** 0.5 / 50
        weights = self.random.normal(0, 40, shape).round().clip(-127, 127).astype(numpy.int8)
        biases = self.random.integers(-2000, 2000, outputs).astype(numpy.int32)
        count = len(self.tensors)
        return [
            self.tensor(f"weights{count}", shape, INT8, scales, [0] * outputs, axis, weights),
            self.tensor(f"bias{count}", [outputs], INT32, scales * input_scale, [0] * outputs, 0, biases),
        ]

    # MARK: Operators

    def operator(self, kind, options, inputs, shape, **attributes):
        code = self.codes.setdefault(getattr(schema.BuiltinOperator, kind), len(self.codes))
        settings = getattr(schema, f"{options}T")()
        for name, value in attributes.items():
            assert hasattr(settings, name), name
            setattr(settings, name, value)
        entry = schema.OperatorT()
        entry.opcodeIndex, entry.inputs = code, inputs
        entry.builtinOptionsType, entry.builtinOptions = getattr(schema.BuiltinOptions, options), settings
        keeps = kind in ("MAX_POOL_2D", "AVERAGE_POOL_2D", "MEAN", "RESHAPE", "CONCATENATION")
        source = self.tensors[inputs[0]].quantization
        scale, point = (source.scale[0], source.zeroPoint[0]) if keeps else (0.0235, self.zero_point(attributes))
        output = self.activations(f"value{len(self.tensors)}", shape, scale, point)
        entry.outputs = [output]
        self.operators.append(entry)
        self.value, self.channels = output, shape[-1]
        return output

    @staticmethod
    def zero_point(attributes):
        return -128 if attributes.get("fusedActivationFunction") else 3

    @staticmethod
    def sized(count, window, stride, pad):
        """The output's size, and whether the padding is VALID (1)."""
        same = pad != 0 or window == 1
        return (-(-count // stride), 0) if same else ((count - window) // stride + 1, 1)

    def conv(self, outputs, kernel, stride=1, pad=None, groups=1, act=None, source=None, channels=None):
        source = self.value if source is None else source
        shape = self.shapes[source]
        rows, padding = self.sized(shape[1], kernel, stride, pad)
        columns, _ = self.sized(shape[2], kernel, stride, pad)
        common = dict(padding=padding, strideH=stride, strideW=stride, dilationHFactor=1, dilationWFactor=1,
                      fusedActivationFunction=ACTIVATIONS[act])
        scale = self.tensors[source].quantization.scale[0]
        target = [1, rows, columns, outputs]
        if groups > 1:
            constants = self.constants([1, kernel, kernel, outputs], outputs, 3, scale)
            return self.operator(
                "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions", [source] + constants, target, depthMultiplier=1, **common)
        constants = self.constants([outputs, kernel, kernel, shape[3]], outputs, 0, scale)
        return self.operator("CONV_2D", "Conv2DOptions", [source] + constants, target, **common)

    def activation(self, kind):
        """Fused into the operator before, which is an addition."""
        self.operators[-1].builtinOptions.fusedActivationFunction = ACTIVATIONS[kind]
        self.tensors[self.value].quantization.zeroPoint = [-128]
        return self.value

    def node(self, kind, inputs, **attributes):
        shape = list(self.shapes[inputs[0]])
        if kind == "Add":
            return self.operator("ADD", "AddOptions", inputs, shape, fusedActivationFunction=0)
        assert kind == "Concat", kind
        shape[3] = sum(self.shapes[value][3] for value in inputs)
        return self.operator("CONCATENATION", "ConcatenationOptions", inputs, shape, axis=3, fusedActivationFunction=0)

    def max_pool(self, window, stride, pad):
        shape = self.shapes[self.value]
        rows, padding = self.sized(shape[1], window, stride, pad)
        columns, _ = self.sized(shape[2], window, stride, pad)
        return self.operator(
            "MAX_POOL_2D", "Pool2DOptions", [self.value], [1, rows, columns, shape[3]], padding=padding, strideH=stride,
            strideW=stride, filterHeight=window, filterWidth=window, fusedActivationFunction=0)

    def head(self, classes=1000, dense=True):
        shape = self.shapes[self.value]
        axes = self.tensor("axes", [2], INT32, [], [], 0, numpy.array([1, 2], numpy.int32))
        pooled = self.operator("MEAN", "ReducerOptions", [self.value, axes], [1, shape[3]], keepDims=False)
        if not dense:
            return
        constants = self.constants([classes, shape[3]], classes, 0, self.tensors[pooled].quantization.scale[0])
        self.operator(
            "FULLY_CONNECTED", "FullyConnectedOptions", [pooled] + constants, [1, classes], fusedActivationFunction=0)

    # MARK: The file

    def save(self, path):
        graph = schema.SubGraphT()
        graph.name, graph.tensors, graph.operators = self.name, self.tensors, self.operators
        graph.inputs, graph.outputs = [self.input], [self.value]
        model = schema.ModelT()
        model.version, model.description, model.buffers, model.subgraphs = 3, self.name, self.buffers, [graph]
        model.operatorCodes = []
        for code in self.codes:
            entry = schema.OperatorCodeT()
            entry.builtinCode, entry.deprecatedBuiltinCode, entry.version = code, min(code, 127), 3
            model.operatorCodes.append(entry)
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))

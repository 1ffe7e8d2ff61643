"""Published networks as ONNX graphs with random weights, for tools/peers-bench."""

class Network:
    """Writes an ONNX graph: convolutions with folded batch normalization."""

    def __init__(self, name):
        size, channels = INPUTS.get(name, ((224, 224), 3))
        import numpy
        from onnx import TensorProto, helper
        self.numpy, self.helper, self.type = numpy, helper, TensorProto.FLOAT
        self.random = numpy.random.default_rng(7)
        self.name, self.size, self.nodes, self.constants = name, size, [], []
        self.channels, self.value = channels, "input"
        self.input_channels = channels

    def constant(self, shape, deviation):
        from onnx import numpy_helper
        name = f"constant{len(self.constants)}"
        values = (self.random.standard_normal(shape) * deviation).astype(self.numpy.float32)
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def node(self, kind, inputs, **attributes):
        output = f"value{len(self.nodes)}"
        self.nodes.append(self.helper.make_node(kind, inputs, [output], name=f"{kind}{len(self.nodes)}", **attributes))
        self.value = output
        return output

    def conv(self, outputs, kernel, stride=1, pad=None, groups=1, act=None, source=None, channels=None):
        channels = channels or self.channels
        pad = (kernel - 1) // 2 if pad is None else pad  # or top, left, bottom, right
        inputs = channels // groups
        rows, columns = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        deviation = (2 / (inputs * rows * columns)) ** 0.5
        weights = self.constant((outputs, inputs, rows, columns), deviation)
        self.node("Conv", [source or self.value, weights, self.constant((outputs,), 0.1)], kernel_shape=[rows, columns],
                  strides=[stride] * 2, pads=pad if isinstance(pad, list) else [pad] * 4, group=groups)
        self.channels = outputs
        if act:
            self.activation(act)
        return self.value

    def activation(self, kind):
        if kind == "relu":
            return self.node("Relu", [self.value])
        low, high = self.scalar(0), self.scalar(6)
        return self.node("Clip", [self.value, low, high])

    def scalar(self, value):
        from onnx import numpy_helper
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(self.numpy.float32(value).reshape(()), name))
        return name

    def max_pool(self, window, stride, pad):
        return self.node("MaxPool", [self.value], kernel_shape=[window] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def head(self, classes=1000, dense=True):
        self.node("GlobalAveragePool", [self.value])
        self.node("Flatten", [self.value])
        if dense:
            self.dense(classes)

    def dense(self, outputs, act=None):
        weights = self.constant((outputs, self.channels), self.channels ** -0.5)
        self.node("Gemm", [self.value, weights, self.constant((outputs,), 0.1)], transB=1)
        self.channels = outputs
        if act:
            self.activation(act)

    def save(self, path):
        import onnx
        info = self.helper.make_tensor_value_info
        shape = [1, self.input_channels, *self.size] if self.size else [1, self.input_channels]
        graph = self.helper.make_graph(
            self.nodes, self.name, [info("input", self.type, shape)], [info(self.value, self.type, None)],
            self.constants)
        model = self.helper.make_model(graph, opset_imports=[self.helper.make_opsetid("", 13)], ir_version=8)
        onnx.save(onnx.shape_inference.infer_shapes(model), str(path))


def mobilenet_v1(net, width=1.0, classes=1000):
    scaled = lambda count: int(count * width)
    net.conv(scaled(32), 3, 2, act="relu6")
    for outputs, stride in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + [(512, 1)] * 5 + [(1024, 2), (1024, 1)]:
        net.conv(net.channels, 3, stride, groups=net.channels, act="relu6")
        net.conv(scaled(outputs), 1, act="relu6")
    net.head(classes)


def inverted_residual(net, outputs, expansion, kernel, stride):
    source, inputs = net.value, net.channels
    if expansion > 1:
        net.conv(inputs * expansion, 1, act="relu6")
    net.conv(net.channels, kernel, stride, groups=net.channels, act="relu6")
    net.conv(outputs, 1)
    if stride == 1 and inputs == outputs:
        net.node("Add", [source, net.value])


def mobile(net, stem, stages, last):
    net.conv(stem, 3, 2, act="relu6")
    for expansion, outputs, count, stride, kernel in stages:
        for index in range(count):
            inverted_residual(net, outputs, expansion, kernel, stride if index == 0 else 1)
    net.conv(last, 1, act="relu6")
    net.head()


def mobilenet_v2(net):
    mobile(net, 32, [(1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 32, 3, 2, 3), (6, 64, 4, 2, 3), (6, 96, 3, 1, 3),
                     (6, 160, 3, 2, 3), (6, 320, 1, 1, 3)], 1280)


def efficientnet_lite0(net):
    mobile(net, 32, [(1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5),
                     (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)], 1280)


def squeezenet_11(net):
    net.conv(64, 3, 2, pad=0, act="relu")
    net.max_pool(3, 2, 0)
    for index, (squeeze, expand) in enumerate([(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)]):
        if index in (2, 4):
            net.max_pool(3, 2, 0)
        squeezed = net.conv(squeeze, 1, act="relu")
        left = net.conv(expand, 1, act="relu", source=squeezed, channels=squeeze)
        right = net.conv(expand, 3, act="relu", source=squeezed, channels=squeeze)
        net.node("Concat", [left, right], axis=1)
        net.channels = 2 * expand
    net.conv(1000, 1, act="relu")
    net.head(dense=False)


def resnet(net, counts, bottleneck):
    net.conv(64, 7, 2, act="relu")
    net.max_pool(3, 2, 1)
    for stage, count in enumerate(counts):
        width = 64 << stage
        outputs = width * (4 if bottleneck else 1)
        for index in range(count):
            stride = 2 if index == 0 and stage > 0 else 1
            source, inputs = net.value, net.channels
            if bottleneck:
                net.conv(width, 1, act="relu")
                net.conv(width, 3, stride, act="relu")
                net.conv(outputs, 1)
            else:
                net.conv(width, 3, stride, act="relu")
                net.conv(outputs, 3)
            branch = net.value
            if stride > 1 or inputs != outputs:
                source = net.conv(outputs, 1, stride, source=source, channels=inputs)
            net.node("Add", [source, branch])
            net.activation("relu")
    net.head()


def resnet_8(net):
    net.conv(16, 3, act="relu")
    for outputs, stride in [(16, 1), (32, 2), (64, 2)]:
        source, inputs = net.value, net.channels
        net.conv(outputs, 3, stride, act="relu")
        branch = net.conv(outputs, 3)
        if stride > 1:
            source = net.conv(outputs, 1, stride, source=source, channels=inputs)
        net.node("Add", [source, branch])
        net.activation("relu")
    net.head(10)


def ds_cnn(net):
    net.conv(64, (10, 4), 2, pad=[4, 1, 5, 1], act="relu")
    for _ in range(4):
        net.conv(64, 3, groups=64, act="relu")
        net.conv(64, 1, act="relu")
    net.head(12)


def autoencoder(net):
    for outputs in [128] * 4 + [8] + [128] * 4:
        net.dense(outputs, "relu")
    net.dense(640)


# Height and width, channels; 224 × 224 × 3 where nothing is said. A network without an image has no size.
INPUTS = {"resnet-8": ((32, 32), 3), "vww": ((96, 96), 3), "kws": ((49, 10), 1), "ad": (None, 640)}
DEFINITIONS = {
    "mobilenet-v1": mobilenet_v1,
    "mobilenet-v2": mobilenet_v2,
    "efficientnet-lite0": efficientnet_lite0,
    "squeezenet-1.1": squeezenet_11,
    "resnet-18": lambda net: resnet(net, [2, 2, 2, 2], False),
    "resnet-50": lambda net: resnet(net, [3, 4, 6, 3], True),
    # The layers of MLPerf Tiny's four networks.
    "resnet-8": resnet_8,
    "vww": lambda net: mobilenet_v1(net, 0.25, 2),
    "kws": ds_cnn,
    "ad": autoencoder,
}

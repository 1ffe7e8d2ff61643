"""Networks of `martlet architectures` as ONNX graphs with the weights of a checkpoint: for tools/onnx-network."""
import json
import re
import struct

import numpy

import peers_networks

# torchvision's; that of every architecture here.
EPSILON = 1e-5


class Unfit(Exception):
    """A checkpoint that does not hold what the network needs."""


def checkpoint(path):
    """The arrays of a .safetensors file, by name."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        begin = 8 + struct.unpack("<Q", data[:8])[0]
        entries = json.loads(data[8:begin])
        arrays = {}
        for name, entry in entries.items():
            if entry.get("dtype") == "F32":
                first, end = entry["data_offsets"]
                arrays[name] = numpy.frombuffer(data[begin + first:begin + end], "<f4").reshape(entry["shape"])
        return arrays
    except (struct.error, ValueError, AttributeError, KeyError) as error:
        raise Unfit(f"{path} is no .safetensors file: {error}") from None


class TrainedNetwork(peers_networks.Network):
    """An ONNX graph whose constants come from a checkpoint, each normalization folded into its convolution."""

    def __init__(self, name, weights, size, channels):
        super().__init__(name)
        self.weights, self.size, self.channels, self.input_channels = weights, (size, size), channels, channels
        self.pending = []

    def parameter(self, name):
        if name not in self.weights:
            raise Unfit(f"{self.name} needs {name}, which the checkpoint does not have")
        return self.weights[name].astype(numpy.float64)

    def constant(self, shape, _):
        """The next weights, in place of random ones."""
        from onnx import numpy_helper
        values = self.pending.pop(0)
        if values.shape != tuple(shape):
            raise Unfit(f"{self.name}: weights of shape {values.shape} where {tuple(shape)} is needed")
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values.astype(numpy.float32), name))
        return name

    def integers(self, *values):
        from onnx import numpy_helper
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(numpy.array(values, numpy.int64), name))
        return name

    def layer(self, name, normalization=None, **options):
        """A convolution by name; folded in double precision and rounded once."""
        weights = self.parameter(f"{name}.weight")
        if normalization:
            scale = self.parameter(f"{normalization}.weight") / numpy.sqrt(
                self.parameter(f"{normalization}.running_var") + EPSILON)
            shift = self.parameter(f"{normalization}.bias") - scale * self.parameter(f"{normalization}.running_mean")
            weights = weights * scale[:, None, None, None]
        else:
            shift = self.parameter(f"{name}.bias")
        self.pending = [weights, shift]
        groups = options.get("channels", self.channels) // weights.shape[1]
        return self.conv(weights.shape[0], weights.shape[2], groups=groups, **options)

    def linear(self, name, act=None):
        weights = self.parameter(f"{name}.weight")
        self.channels, self.pending = weights.shape[1], [weights, self.parameter(f"{name}.bias")]
        self.dense(weights.shape[0], act)

    def count(self, pattern):
        """How many different numbers stand in the first group of the pattern among the checkpoint's names."""
        return len({match[1] for match in map(re.compile(pattern).match, self.weights) if match})


def lenet_5(net):
    for name, pad in (("conv1", 2), ("conv2", 0)):
        net.layer(name, pad=pad, act="relu")
        net.max_pool(2, 2, 0)
    net.node("Flatten", [net.value])
    for name, activation in (("fc1", "relu"), ("fc2", "relu"), ("fc3", None)):
        net.linear(name, activation)


def resnet(net):
    """For CIFAR-10, with shortcuts that take every second pixel and pad the channels."""
    net.layer("conv1", "bn1", act="relu")
    for stage in (1, 2, 3):
        for block in range(net.count(rf"layer{stage}\.(\d+)\.")):
            name, source, inputs = f"layer{stage}.{block}", net.value, net.channels
            is_halving = stage > 1 and block == 0
            net.layer(f"{name}.conv1", f"{name}.bn1", stride=2 if is_halving else 1, act="relu")
            branch = net.layer(f"{name}.conv2", f"{name}.bn2")
            if is_halving:
                for axis in (2, 3):
                    source = net.node("Slice", [source, net.integers(0), net.integers(2 ** 31 - 1),
                                                net.integers(axis), net.integers(2)])
                missing = net.channels - inputs
                source = net.node("Pad", [source, net.integers(
                    0, missing // 2, 0, 0, 0, missing - missing // 2, 0, 0)])
            net.node("Add", [branch, source])
            net.activation("relu")
    net.node("GlobalAveragePool", [net.value])
    net.node("Flatten", [net.value])
    net.linear("linear")


def mobilenet_v2(net):
    net.layer("features.0.0", "features.0.1", stride=2, act="relu6")
    strides = [stride for repeats, first in ((1, 1), (2, 2), (3, 2), (4, 2), (3, 1), (3, 2), (1, 1))
               for stride in [first] + [1] * (repeats - 1)]
    for block, stride in enumerate(strides, 1):
        name, source, inputs = f"features.{block}.conv", net.value, net.channels
        if net.count(rf"features\.{block}\.conv\.(\d+)\.") == 4:
            net.layer(f"{name}.0.0", f"{name}.0.1", act="relu6")
            middle, last = f"{name}.1", 2
        else:
            middle, last = f"{name}.0", 1
        net.layer(f"{middle}.0", f"{middle}.1", stride=stride, act="relu6")
        net.layer(f"{name}.{last}", f"{name}.{last + 1}")
        if stride == 1 and inputs == net.channels:
            net.node("Add", [source, net.value])
    net.layer("features.18.0", "features.18.1", act="relu6")
    net.node("GlobalAveragePool", [net.value])
    net.node("Flatten", [net.value])
    net.linear("classifier.1")


def squeezenet_11(net):
    net.layer("features.0", stride=2, pad=0, act="relu")
    place = 2
    for fire in range(8):
        if place in (2, 5, 8):
            net.node("MaxPool", [net.value], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
            place += 1
        name = f"features.{place}"
        squeezed = net.layer(f"{name}.squeeze", act="relu")
        options = {"act": "relu", "source": squeezed, "channels": net.channels}
        parts = [net.layer(f"{name}.{part}", **options) for part in ("expand1x1", "expand3x3")]
        net.node("Concat", parts, axis=1)
        net.channels *= 2
        place += 1
    net.layer("classifier.1", act="relu")
    net.node("GlobalAveragePool", [net.value])
    net.node("Flatten", [net.value])


# The network, its input's side and its channels.
ARCHITECTURES = {
    "lenet-5": (lenet_5, 28, 1),
    "resnet-20": (resnet, 32, 3),
    "mobilenet-v2": (mobilenet_v2, 224, 3),
    "squeezenet-1.1": (squeezenet_11, 224, 3),
}


def network(weights, architecture, size=None):
    """An ONNX graph of a checkpoint's arrays, input 1×C×H×W.

    Raises Unfit where names or shapes are not those of the architecture."""
    define, side, channels = ARCHITECTURES[architecture]
    net = TrainedNetwork(architecture, weights, size or side, channels)
    define(net)
    return net

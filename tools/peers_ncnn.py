"""The networks of peers_networks.py as ncnn's files, float or int8, for tools/peers-bench.

ncnn's wheel brings no converter: this writes .param and .bin as its tools would. Int8 as ncnn2int8 makes it: weights with a
scale a channel, activations symmetric; a layer gives int8 to the next where only quantized layers read it.
"""
import math, struct

QUANTIZED = {"Convolution", "ConvolutionDepthWise", "InnerProduct"}
INT8_WEIGHTS = 0x000D4B38


class NcnnNetwork:
    """What `peers_networks.Network` is for ONNX: the same calls, other files."""

    def __init__(self, name, size, channels, is_int8):
        import numpy
        self.numpy, self.random = numpy, numpy.random.default_rng(7)
        self.is_int8, self.channels = is_int8, channels
        # Each layer: kind, inputs, output, parameters, weights or None.
        self.layers = [["Input", [], "input", {0: size[1], 1: size[0], 2: channels} if size else {0: channels}, None]]
        self.value = "input"

    def layer(self, kind, inputs, parameters=None, weights=None):
        self.value = f"value{len(self.layers)}"
        self.layers.append([kind, inputs, self.value, parameters or {}, weights])
        return self.value

    def weighted(self, kind, inputs, outputs, taps, parameters, act):
        parameters[9] = {None: 0, "relu": 1, "relu6": 3}[act]
        if act == "relu6":
            parameters[-23310] = "2,0.0,6.0"
        return self.layer(kind, inputs, parameters, (outputs, taps))

    def conv(self, outputs, kernel, stride=1, pad=None, groups=1, act=None, source=None, channels=None):
        channels = channels or self.channels
        pad = (kernel - 1) // 2 if pad is None else pad
        top, left, bottom, right = pad if isinstance(pad, list) else [pad] * 4
        rows, columns = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        taps = rows * columns * channels // groups
        parameters = {0: outputs, 1: columns, 11: rows, 3: stride, 13: stride, 4: left, 14: top, 15: right, 16: bottom,
                      5: 1, 6: outputs * taps}
        if groups > 1:
            parameters[7] = groups
        self.channels = outputs
        kind = "ConvolutionDepthWise" if groups > 1 else "Convolution"
        return self.weighted(kind, [source or self.value], outputs, taps, parameters, act)

    def activation(self, kind):
        if kind == "relu":
            return self.layer("ReLU", [self.value])
        return self.layer("Clip", [self.value], {0: 0.0, 1: 6.0})

    def node(self, kind, inputs, **attributes):
        return self.layer({"Add": "BinaryOp", "Concat": "Concat"}[kind], inputs, {0: 0})

    def max_pool(self, window, stride, pad):
        return self.layer("Pooling", [self.value], {0: 0, 1: window, 2: stride, 3: pad, 5: 1})

    def head(self, classes=1000, dense=True):
        self.layer("Pooling", [self.value], {0: 1, 4: 1})
        if dense:
            self.dense(classes)

    def dense(self, outputs, act=None):
        parameters = {0: outputs, 1: 1, 2: outputs * self.channels}
        self.weighted("InnerProduct", [self.value], outputs, self.channels, parameters, act)
        self.channels = outputs

    def split(self):
        """One reader for each value, as ncnn wants it."""
        readers = {}
        for layer in self.layers:
            for value in layer[1]:
                readers.setdefault(value, []).append(layer)
        layers, renamed = [], {}
        for layer in self.layers:
            layer[1] = [renamed[value].pop(0) if value in renamed else value for value in layer[1]]
            layers.append(layer)
            count = len(readers.get(layer[2], []))
            if count > 1:
                copies = [f"{layer[2]}_{index}" for index in range(count)]
                layers.append(["Split", [layer[2]], copies, {}, None])
                renamed[layer[2]] = list(copies)
        return layers, readers

    def constants(self, kind, weights, gives_int8):
        outputs, taps = weights
        bias = self.random.normal(0, 0.1, outputs).astype("float32").tobytes()
        if not self.is_int8:
            deviation = (2 / taps) ** 0.5
            values = (self.random.standard_normal(outputs * taps) * deviation).astype("float32").tobytes()
            return struct.pack("<I", 0) + values + bias
        values = self.random.normal(0, 40, outputs * taps).round().clip(-127, 127).astype("int8").tobytes()
        scales = self.numpy.full(outputs, 40 / (2 / taps) ** 0.5, "float32").tobytes()
        data = struct.pack("<I", INT8_WEIGHTS) + values + bytes(-len(values) % 4) + bias + scales
        return data + struct.pack("<f", 40.0) * (2 if gives_int8 else 1)

    def save(self, path):
        """Writes `path` (.param) and the .bin beside it; the last value is renamed "output"."""
        layers, readers = self.split()
        lines, data, values = [], [], 0
        for kind, inputs, output, parameters, weights in layers:
            outputs = output if isinstance(output, list) else ["output" if output == self.value else output]
            if weights and self.is_int8:
                followers = readers.get(output, [])
                gives_int8 = kind != "InnerProduct" and followers != [] and all(
                    follower[0] in QUANTIZED for follower in followers)
                parameters[8] = 101 if gives_int8 else 1
            if weights:
                data.append(self.constants(kind, weights, self.is_int8 and parameters[8] > 100))
            values += len(outputs)
            written = " ".join(f"{key}={value}" for key, value in parameters.items())
            lines.append(f"{kind} {kind}{len(lines)} {len(inputs)} {len(outputs)} {' '.join(inputs + outputs)} {written}")
        path.write_text(f"7767517\n{len(lines)} {values}\n" + "\n".join(lines) + "\n")
        path.with_suffix(".bin").write_bytes(b"".join(data))


def runner(path, threads):
    """Runs the network on random values; it has one input and one output."""
    import ncnn, numpy
    net = ncnn.Net()
    net.opt.num_threads, net.opt.use_vulkan_compute = threads, False
    if net.load_param(path) or net.load_model(str(path)[:-len("param")] + "bin"):
        raise RuntimeError("ncnn does not load it")
    fields = open(path).readlines()[2].split()[5:]
    sizes = [int(field.split("=")[1]) for field in fields]
    shape = sizes if len(sizes) == 1 else [sizes[2], sizes[1], sizes[0]]
    values = numpy.random.default_rng(3).standard_normal(math.prod(shape)).astype(numpy.float32).reshape(shape)
    values = ncnn.Mat(values).clone()  # else it refers to memory that goes away

    def run():
        extractor = net.create_extractor()
        extractor.input("input", values)
        status, output = extractor.extract("output")
        if status:
            raise RuntimeError("ncnn fails")
        return output
    return run

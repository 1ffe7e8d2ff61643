"""Small stand-ins for the files that the documents' commands name: networks, pictures, labels, data sets."""
import base64
import pathlib
import random
import shutil
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLASSES = 1000
# 48 × 40 pixels: a red disk on a blue ground.
PHOTO = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCNl4"
    "x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHz/wAARCAAo"
    "ADADASIAAhEBAxEB/8QAGQABAAMBAQAAAAAAAAAAAAAAAAECAwQF/8QAHxAAAgICAQUAAAAAAAAAAAAAAAECERIxAyEyQmFx/8QAGQEAAwEBAQ"
    "AAAAAAAAAAAAAAAQQFAwIG/8QAHhEAAwEAAgIDAAAAAAAAAAAAAAECEQMEITEUFTL/2gAMAwEAAhEDEQA/APIAJjHKVIpNpLWYSnTxEA6YxUdI"
    "lxUtqxL5k768FD6+s/Xk5QWnDB+io5NKlqEKlw3L9g14PIyLQljKzjml3xtI069qORU/R0ghNNWnYbrZGx7h6DVmlObtX0wL8k8n00ihX68OON"
    "JkHtWr5W5AANxclNrToNt7bYAMW6HXmEAAID//2Q==")


def number(value):
    """A protocol buffer's number."""
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes(parts + [value])


def field(index, value):
    """A protocol buffer's field: an integer, text, or bytes."""
    if isinstance(value, int):
        return number(index << 3) + number(value)
    data = value.encode() if isinstance(value, str) else value
    return number(index << 3 | 2) + number(len(data)) + data


def tensor(name, shape, values):
    return (b"".join(field(1, size) for size in shape) + field(2, 1) + field(8, name)
            + field(9, struct.pack(f"<{len(values)}f", *values)))


def described(name, shape):
    sizes = b"".join(field(1, field(1, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, sizes)))


def node(kind, inputs, output, **numbers):
    attributes = b""
    for name, value in numbers.items():
        is_list = isinstance(value, list)
        content = b"".join(field(8, entry) for entry in value) if is_list else field(3, value)
        attributes += field(5, field(1, name) + content + field(20, 7 if is_list else 2))
    return (b"".join(field(1, name) for name in inputs) + field(2, output) + field(3, output) + field(4, kind) + attributes)


def network():
    """An ONNX network for pictures of 32 × 32 pixels with random weights: seven convolutions and a classifier."""
    source = random.Random(1)
    nodes, weights, value, channels = [], [], "image", 3
    for layer, (width, stride) in enumerate([(16, 2), (16, 1), (24, 2), (24, 1), (32, 2), (32, 1), (32, 1)]):
        spread = (2 / (9 * channels)) ** 0.5
        weights += [tensor(f"w{layer}", [width, channels, 3, 3],
                           [source.gauss(0, spread) for _ in range(width * channels * 9)]),
                    tensor(f"b{layer}", [width], [0.01] * width)]
        nodes += [node("Conv", [value, f"w{layer}", f"b{layer}"], f"conv{layer}", kernel_shape=[3, 3],
                       strides=[stride, stride], pads=[1, 1, 1, 1]),
                  node("Relu", [f"conv{layer}"], f"relu{layer}")]
        value, channels = f"relu{layer}", width
    weights += [tensor("w", [CLASSES, channels], [source.gauss(0, 0.3) for _ in range(CLASSES * channels)]),
                tensor("b", [CLASSES], [0.0] * CLASSES)]
    nodes += [node("GlobalAveragePool", [value], "pooled"), node("Flatten", ["pooled"], "features", axis=1),
              node("Gemm", ["features", "w", "b"], "scores", transB=1)]
    graph = (b"".join(field(1, entry) for entry in nodes) + field(2, "stand-in")
             + b"".join(field(5, entry) for entry in weights) + field(11, described("image", [1, 3, 32, 32]))
             + field(12, described("scores", [1, CLASSES])))
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def write_pictures(folder):
    """Two classes of ten pictures each: bright on the left, bright on the right."""
    source = random.Random(2)
    for kind in ("left", "right"):
        (folder / kind).mkdir(parents=True)
        for count in range(10):
            pixels = bytes(min(255, source.randrange(90) + (140 if (x < 20) == (kind == "left") else 0))
                           for y in range(36) for x in range(40) for _ in range(3))
            (folder / kind / f"{count}.ppm").write_bytes(b"P6 40 36 255\n" + pixels)


def write_digits(folder):
    """MNIST's four files with few pictures: class c has a bright stripe of rows."""
    source = random.Random(3)
    folder.mkdir()
    for name, count in (("train", 120), ("t10k", 40)):
        labels = [index % 10 for index in range(count)]
        pixels = bytes(source.randrange(64) + (160 if abs(place // 28 - 2 - 2.6 * label) <= 1 else 0)
                       for label in labels for place in range(784))
        (folder / f"{name}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 0x803, count, 28, 28) + pixels)
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 0x801, count) + bytes(labels))


def write_small_pictures(folder):
    """CIFAR-10's binary files with few pictures of noise, enough for a step of 128."""
    source = random.Random(4)
    folder.mkdir()
    for name in [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]:
        (folder / name).write_bytes(b"".join(bytes([index % 10]) + source.randbytes(3072) for index in range(30)))


def write_all(folder, tool, data):
    """Writes every stand-in. `data` is the folder of real models, where a TFLite network comes from, if it is there."""
    (folder / "network.onnx").write_bytes(network())
    (folder / "photo.jpg").write_bytes(base64.b64decode(PHOTO))
    (folder / "labels.txt").write_text("".join(f"class {index}\n" for index in range(CLASSES)))
    write_pictures(folder / "photos")
    shutil.copytree(folder / "photos", folder / "test-pictures")
    write_digits(folder / "mnist")
    shutil.copytree(folder / "mnist", folder / "fashion-mnist")
    write_small_pictures(folder / "cifar10")
    shutil.copy(ROOT / "models/lenet-5-mnist.safetensors", folder)
    quantized = data / "models/kws_mlperf-tiny-dscnn_int8.tflite"
    if quantized.exists():
        shutil.copy(quantized, folder / "network.tflite")
    subprocess.run([tool, "convert", "network.onnx", "--preset", "imagenet", "--calibrate", "photos", "--labels", "labels.txt",
                    "-o", "network.martlet"], cwd=folder, check=True, capture_output=True)
    subprocess.run([tool, "selftest", "network.martlet", "-o", "network.martlet"], cwd=folder, check=True, capture_output=True)
    subprocess.run([tool, "finetune", "network.martlet", "--data", "photos", "--patch", "mine.martlet-head"], cwd=folder,
                   check=True, capture_output=True)
    for name in ("mobilenet", "backbone", "a", "b", "detector", "classifier", "resnet8"):
        shutil.copy(folder / "network.martlet", folder / f"{name}.martlet")
    shutil.copy(folder / "network.onnx", folder / "backbone.onnx")

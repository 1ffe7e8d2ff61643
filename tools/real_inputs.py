"""Real inputs for the networks of the test-data folder (MARTLET_TEST_DATA, default ../shared/data beside the checkout).

A set gives raw bytes or numbers; `for_file` says which set a network takes and turns it into what its input wants.
"""
import csv, gzip, io, os, pathlib, sys, tarfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Missing(Exception):
    """Data that this machine does not have."""


def folder():
    given = os.environ.get("MARTLET_TEST_DATA")
    path = pathlib.Path(given) if given else ROOT.parent / "shared" / "data"
    if not path.is_dir():
        raise Missing(f"{path} does not exist: set MARTLET_TEST_DATA to the folder of test data")
    return path


def needed(*parts):
    path = folder().joinpath(*parts)
    if not path.exists():
        raise Missing(f"{path} is missing: set MARTLET_TEST_DATA to a folder that has it")
    return path


def archive(path, name):
    """The files of a .tar.xz of raw inputs with their labels: [(file name, bytes, label)]."""
    with tarfile.open(path) as tar:
        files = {pathlib.PurePath(entry.name).name: tar.extractfile(entry).read() for entry in tar if entry.isfile()}
    labels = next((files.pop(file) for file in ("y_labels.csv", "labels.csv") if file in files), None)
    if labels is None:
        raise Missing(f"{path} has no list of labels for {name}")
    rows = [row for row in csv.reader(io.StringIO(labels.decode())) if row and row[0] in files]
    return rows, files


# MARK: The sets: (names, inputs as one array, labels)

def vww():
    """1000 pictures of the benchmark, 96×96×3 uint8."""
    import numpy
    rows, files = archive(needed("mlperf-tiny", "vww01.tar.xz"), "vww01")
    names = [row[0] for row in rows]
    pixels = numpy.stack([numpy.frombuffer(files[name], numpy.uint8).reshape(96, 96, 3) for name in names])
    return names, pixels, [int(row[2]) for row in rows]


def kws():
    """1000 inputs of the benchmark, 49×10×1 int8 with scale 0.5847029 and zero point 83."""
    import numpy
    rows, files = archive(needed("mlperf-tiny", "kws01.tar.xz"), "kws01")
    names = [row[0] for row in rows]
    values = numpy.stack([numpy.frombuffer(files[name], numpy.int8).reshape(49, 10, 1) for name in names])
    return names, values, [int(row[2]) for row in rows]


KWS_SCALE, KWS_ZERO_POINT = 0.5847029, 83


def cifar_lossless():
    """249 test pictures as they were published, 32×32×3 uint8."""
    import numpy
    rows, files = archive(needed("cifar10-lossless", "cifar10-test249-lossless.tar.xz"), "cifar10")
    names = [row[0] for row in rows]
    pixels = numpy.stack([numpy.frombuffer(files[name], numpy.uint8).reshape(32, 32, 3) for name in names])
    column = next(index for index, cell in enumerate(rows[0]) if cell.isdigit())
    return names, pixels, [int(row[column]) for row in rows]


CIFAR_CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()


def cifar_jpeg(limit=None):
    """5000 test pictures that were stored as JPEG."""
    import numpy
    from PIL import Image
    names, pixels, labels = [], [], []
    with tarfile.open(needed("cifar10-test-dev.tar.xz")) as tar:
        entries = sorted((entry for entry in tar if entry.name.endswith((".jpg", ".jpeg"))), key=lambda entry: entry.name)
        step = max(1, len(entries) // limit) if limit else 1
        chosen = {entry.name for entry in entries[::step][:limit]}
        tar.fileobj.seek(0)
    with tarfile.open(needed("cifar10-test-dev.tar.xz")) as tar:
        for entry in tar:
            if entry.name not in chosen:
                continue
            names.append(entry.name)
            pixels.append(numpy.asarray(Image.open(io.BytesIO(tar.extractfile(entry).read())).convert("RGB")))
            labels.append(CIFAR_CLASSES.index(pathlib.PurePath(entry.name).parent.name))
    return names, numpy.stack(pixels), labels


def cifar_training(limit=4000):
    """Training pictures as they were published, for calibration."""
    import numpy
    from PIL import Image
    sheets = []
    for number in range(4):
        sheet = numpy.asarray(Image.open(needed("cifar10-lossless", f"cifar10_batch_{number}.png")).convert("RGB"))
        sheets.append(sheet.reshape(-1, 32, 32, 3))
    pixels = numpy.concatenate(sheets)
    return pixels[:: max(1, len(pixels) // limit)][:limit]


def mnist():
    """10,000 test digits, 28×28×1 uint8."""
    import numpy
    images = gzip.decompress(needed("mnist", "t10k-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress(needed("mnist", "t10k-labels-idx1-ubyte.gz").read_bytes())
    pixels = numpy.frombuffer(images, numpy.uint8, offset=16).reshape(-1, 28, 28, 1)
    return [f"t10k {index}" for index in range(len(pixels))], pixels, list(labels[8:])


def photographs(size, limit):
    """Photographs, cut to the central square (224 of 256 pixels) and resized where the network takes fewer."""
    import numpy
    from PIL import Image
    place = needed("imagenet-dev")
    with open(place / "labels.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    rows = rows[:: max(1, len(rows) // limit)][:limit]
    pixels = []
    for row in rows:
        picture = Image.open(place / row["file"]).convert("RGB")
        left, top = (picture.width - 224) // 2, (picture.height - 224) // 2
        picture = picture.crop((left, top, left + 224, top + 224))
        if size != 224:
            picture = picture.resize((size, size), Image.Resampling.BILINEAR)
        pixels.append(numpy.asarray(picture))
    return [row["file"] for row in rows], numpy.stack(pixels), [int(row["class_index"]) for row in rows]


def wake_words():
    """45 spectrograms that the benchmark calibrates with, 30×1×40 real numbers."""
    import numpy
    return numpy.load(needed("mlperf-tiny", "sww_calibration_samples.npz"))["specs"].astype(numpy.float32)


# MARK: What a network takes

IMAGENET_MEAN, IMAGENET_DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


def reals(name, shape, limit):
    """Real-valued inputs for the network file `name` whose input has `shape`, stacked, and where they come from.
    None: there are no real inputs for it."""
    import numpy
    kind = name.split("_")[0]
    size = shape[1] if shape[-1] in (1, 3) else shape[-1]

    def evenly(array):
        return array[:: max(1, len(array) // limit)][:limit]

    if kind == "cifar10" and tuple(shape[1:]) == (32, 32, 3):
        return evenly(cifar_lossless()[1]).astype(numpy.float32), "CIFAR-10 test pictures, lossless"
    if kind == "vww" and tuple(shape[1:]) == (96, 96, 3):
        return evenly(vww()[1]).astype(numpy.float32) / 255, "the benchmark's vww01"
    if kind == "kws" and tuple(shape[1:]) == (49, 10, 1):
        values = evenly(kws()[1]).astype(numpy.float32)
        return (values - KWS_ZERO_POINT) * numpy.float32(KWS_SCALE), "the benchmark's kws01"
    if kind == "mnist" and tuple(shape[1:]) == (28, 28, 1):
        return evenly(mnist()[1]).astype(numpy.float32) / 255, "MNIST test digits"
    if kind == "sww" and tuple(shape[1:]) == (30, 1, 40):
        return evenly(wake_words()), "the benchmark's calibration spectrograms"
    if kind == "imagenet" and 3 in (shape[1], shape[-1]):
        pixels = photographs(size, limit)[1].astype(numpy.float32)
        if "v1" in name:
            return pixels / 255, "photographs of imagenet-dev"
        pixels = (pixels - numpy.float32(IMAGENET_MEAN)) / numpy.float32(IMAGENET_DEVIATION)
        return (pixels.transpose(0, 3, 1, 2) if shape[1] == 3 else pixels), "photographs of imagenet-dev"
    return None


def quantized(values, scale, zero_point, dtype):
    """Real numbers as the input's integers."""
    import numpy
    limits = numpy.iinfo(dtype)
    return numpy.clip(numpy.rint(values / numpy.float32(scale)) + zero_point, limits.min, limits.max).astype(dtype)


def for_file(name, entry, limit, seed=1):
    """Inputs for one of a network's inputs (an entry of LiteRT's get_input_details), stacked, and where they come from."""
    import numpy
    shape, dtype = [int(size) for size in entry["shape"]], numpy.dtype(entry["dtype"])
    try:
        found = reals(name, shape, limit)
    except Missing as problem:
        print(f"{name}: {problem}; random inputs instead", file=sys.stderr)
        found = None
    random = numpy.random.default_rng(seed + sum(name.encode()))
    if dtype.kind == "f":
        filling = random.standard_normal([limit, *shape], dtype=numpy.float32)
    else:
        limits = numpy.iinfo(dtype)
        filling = random.integers(limits.min, limits.max + 1, [limit, *shape]).astype(dtype)
    if found is None:
        return filling, f"random ({limit})"
    values, source = found
    if dtype.kind != "f":
        values = quantized(values, *entry["quantization"], dtype)
    values = values.reshape(len(values), *shape).astype(dtype)
    if len(values) < limit:
        source += f" ({len(values)}), random ({limit - len(values)})"
        return numpy.concatenate([values, filling[len(values):]]), source
    return values, f"{source} ({limit})"

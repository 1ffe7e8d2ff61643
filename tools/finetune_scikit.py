"""scikit-learn's classifiers on the features of a float network (ONNX Runtime; pictures through Pillow)."""
import pathlib
import time
import warnings

import numpy
import onnx
import onnxruntime
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC


def pictures(folder):
    for label, name in enumerate(sorted(inner.name for inner in folder.iterdir() if inner.is_dir())):
        for path in sorted((folder / name).iterdir()):
            if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
                yield label, path


def prepared(path, size, crop, mean, deviation):
    """As `martlet convert` describes it: the shorter side to size ÷ crop, the central part, (x − mean) ÷ deviation."""
    image = Image.open(path).convert("RGB")
    side = round(size / crop)
    width, height = image.size
    scale = side / min(width, height)
    image = image.resize((max(side, round(width * scale)), max(side, round(height * scale))), Image.BILINEAR)
    left, top = (image.size[0] - size) // 2, (image.size[1] - size) // 2
    values = numpy.asarray(image.crop((left, top, left + size, top + size)), numpy.float32)
    return ((values - numpy.float32(mean)) / numpy.float32(deviation)).transpose(2, 0, 1)[None]


def features(options, network):
    """What the float network's last layer with weights reads, averaged over its pixels, of each half."""
    model = onnx.load(network)
    last = [node for node in model.graph.node if node.op_type in ("Gemm", "Conv", "MatMul")][-1]
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(last.input[0]))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    size = session.get_inputs()[0].shape[2]
    crop, mean, deviation = options.preprocessing[network.name] if network.name in options.preprocessing else (
        0.875, [123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
    halves = []
    for half in ("train", "val"):
        rows, labels = [], []
        for label, path in pictures(pathlib.Path(options.data) / half):
            found = session.run([last.input[0]], {session.get_inputs()[0].name: prepared(path, size, crop, mean, deviation)})[0]
            rows.append(found.reshape(found.shape[1], -1).mean(axis=1))
            labels.append(label)
        halves.append((numpy.stack(rows), numpy.array(labels)))
    return halves


def accuracies(options, network):
    """(classifier, accuracy on the held-back pictures, seconds of training, of features, processor seconds so far) of each."""
    warnings.filterwarnings("ignore")
    start, began = time.perf_counter(), time.process_time()
    (x, y), (test, expected) = features(options, network)
    feature_seconds = time.perf_counter() - start
    for head, model in [("logistic regression", LogisticRegression(max_iter=5000, class_weight="balanced")),
                        ("linear svm", LinearSVC(max_iter=20000, class_weight="balanced"))]:
        start = time.perf_counter()
        model.fit(x, y)
        accuracy = float(model.score(test, expected))
        yield head, accuracy, time.perf_counter() - start, feature_seconds, time.process_time() - began

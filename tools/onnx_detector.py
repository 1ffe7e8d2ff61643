"""A detector's boxes in float, by ONNX Runtime, beside those of the int8 network that Martlet makes of it."""
import json
import os
import pathlib
import subprocess

import numpy
import onnxruntime
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent


def overlap(box, others):
    """Intersection over union."""
    sides = numpy.minimum(box[2:], others[..., 2:]) - numpy.maximum(box[:2], others[..., :2])
    common = numpy.prod(numpy.maximum(sides, 0), axis=-1)
    areas = [numpy.prod(some[..., 2:] - some[..., :2], axis=-1) for some in (box, others)]
    return common / (areas[0] + areas[1] - common + 1e-9)


def detections(scores, boxes, threshold):
    """Anchors that remain after non-maximum suppression at an overlap of 0.3, the likeliest first."""
    kept = []
    for anchor in numpy.argsort(-scores):
        if scores[anchor] <= threshold:
            break
        if all(overlap(boxes[anchor], boxes[other]) <= 0.3 for other in kept):
            kept.append(anchor)
    return kept


def boxes(model, options, folder):
    """Every fifth picture with a face calibrates, the others are compared."""
    martlet = os.environ.get("MARTLET_TOOL", str(ROOT / ".build/release/martlet"))
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    size = numpy.array([*entry.shape[:1:-1]] * 2)
    mean, std = (numpy.array([float(part) for part in text.split(",")]) for text in (options.mean, options.std))
    given, expected = [], []
    for path in sorted(options.pictures.iterdir()):
        if path.suffix.lower() not in (".jpg", ".jpeg", ".png"):
            continue
        picture = numpy.asarray(Image.open(path).convert("RGB").resize(entry.shape[:1:-1], Image.BILINEAR))
        picture = ((picture - mean) / std).astype(numpy.float32)
        scores, corners = session.run(None, {entry.name: picture.transpose(2, 0, 1)[None]})
        if scores[0, :, 1].max() > options.score:
            given.append(picture)
            expected.append((scores[0, :, 1], corners[0] * size))
    packed = options.packed or folder / "model.martlet"
    if not options.packed:
        numpy.save(folder / "calibration.npy", numpy.stack(given[::5]))
        subprocess.run(
            [martlet, "convert", str(model), "--calibrate", str(folder / "calibration.npy"), "-o", str(packed),
             "--activations", str(options.activations)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    compared = [index for index in range(len(given)) if index % 5][: options.limit]
    for index in compared:
        numpy.save(folder / f"{index}.npy", given[index][None])
    found = json.loads(subprocess.run(
        [martlet, "run", str(packed), *[str(folder / f"{index}.npy") for index in compared], "--json"],
        stdout=subprocess.PIPE, check=True).stdout)
    total, missed, same, matched = 0, 0, [], []
    for index, result in zip(compared, found):
        scores, corners = expected[index]
        int8_scores, int8_corners = (numpy.array(output["values"]) for output in result["outputs"])
        int8_scores, int8_corners = int8_scores.reshape(-1, 2)[:, 1], int8_corners.reshape(-1, 4) * size
        rest = detections(int8_scores, int8_corners, options.score - 0.1)
        for anchor in detections(scores, corners, options.score):
            total += 1
            same.append(abs(corners[anchor] - int8_corners[anchor]).max())
            overlaps = [overlap(corners[anchor], int8_corners[other]) for other in rest]
            if not overlaps or max(overlaps) < 0.5:
                missed += 1
                continue
            matched.append(abs(corners[anchor] - int8_corners[rest[int(numpy.argmax(overlaps))]]).max())
    print(f"{total} boxes of score above {options.score} in {len(compared)} pictures, {missed} of them not found in int8")
    for what, list in (("of the same anchor", same), ("after suppression in each", matched)):
        print(f"corners {what}: at most {max(list):.2f} pixels apart, mean {numpy.mean(list):.2f}, "
              f"{sum(value > 2 for value in list)} of {len(list)} more than 2")
    return 0

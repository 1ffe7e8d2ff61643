"""What ONNX Runtime answers, written as the test suite ONNXReferenceTests reads it."""
import numpy
import onnx
import onnxruntime


def write_case(folder, model, inputs, outputs):
    """Stacked arrays: the first axis counts examples."""
    folder.mkdir(parents=True)
    (folder / "model.txt").write_text(str(model))
    for kind, arrays in (("input", inputs), ("output", outputs)):
        for index, array in enumerate(arrays):
            numpy.save(folder / f"{kind}_{index}.npy", numpy.ascontiguousarray(array, dtype=numpy.float32))


def pictures(options, shape):
    from PIL import Image
    size = shape[2:]
    mean, std = (numpy.array([float(part) for part in text.split(",")]) for text in (options.mean, options.std))
    paths = sorted(path for path in options.pictures.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    for path in paths[: options.limit]:
        image = Image.open(path).convert("RGB")
        scale = max(256 / min(image.size), size[1] / image.width, size[0] / image.height)
        if scale != 1:
            image = image.resize([max(1, round(side * scale)) for side in image.size], Image.BILINEAR)
        left, top = (image.width - size[1]) // 2, (image.height - size[0]) // 2
        pixels = numpy.asarray(image.crop((left, top, left + size[1], top + size[0])), dtype=numpy.float64)
        yield ((pixels - mean) / std).transpose(2, 0, 1)[None].astype(numpy.float32)


def examples(session, options, seed):
    """Lists of arrays, one for each input."""
    shapes = [[size if isinstance(size, int) else 1 for size in entry.shape] for entry in session.get_inputs()]
    types = [{"tensor(uint8)": numpy.uint8, "tensor(int8)": numpy.int8}.get(entry.type, numpy.float32)
             for entry in session.get_inputs()]
    if options.pictures:
        return [[picture] for picture in pictures(options, shapes[0])]
    if options.data:
        return [[array.reshape(shapes[0]).astype(types[0])] for array in numpy.load(options.data)[: options.limit]]
    random = numpy.random.default_rng(seed)
    def one(shape, kind):
        if kind == numpy.float32:
            return random.standard_normal(shape, dtype=numpy.float32)
        limits = numpy.iinfo(kind)
        return random.integers(limits.min, limits.max + 1, shape).astype(kind)
    return [[one(shape, kind) for shape, kind in zip(shapes, types)] for _ in range(options.inputs)]


def open_session(model):
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    settings.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])


def stack(examples):
    return [numpy.stack(arrays) for arrays in zip(*examples)]


def reference(model, folder, options):
    session = open_session(str(model))
    names = [entry.name for entry in session.get_inputs()]
    given = examples(session, options, sum(model.name.encode()))
    results = [session.run(None, dict(zip(names, arrays))) for arrays in given]
    write_case(folder, model, stack(given), stack(results))
    if options.layers:
        layers(model, folder, names, given[:4])


MOVING = ("Concat", "Flatten", "Gather", "Identity", "MaxPool", "Pad", "Reshape", "Slice", "Split", "Squeeze",
          "Transpose", "Unsqueeze")


def layers(model, folder, names, given):
    """A case for each layer: from quantized values to the next ones, with the values that ONNX Runtime has there."""
    proto = onnx.load(model)
    graph = proto.graph
    producer = {name: node for node in graph.node for name in node.output}
    activations, coded, ends = set(names), {}, []
    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    for node in graph.node:
        given_activations = [name for name in node.input if name in activations]
        if not given_activations:
            continue
        activations.update(node.output)
        if node.op_type == "QuantizeLinear" or node.op_type.startswith(("QLinear", "QGemm")):
            place = {"QuantizeLinear": 2, "QLinearConcat": 1}.get(node.op_type, len(node.input) - 1)
            place = 7 if node.op_type == "QLinearConv" else place
            coded[node.output[0]] = types[node.input[place]]
            ends.append(node)
        elif node.op_type in MOVING and given_activations[0] in coded:
            coded.update((name, coded[given_activations[0]]) for name in node.output)
    extended = onnx.ModelProto()
    extended.CopyFrom(proto)
    extended.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, kind, None) for name, kind in coded.items())
    session = open_session(extended.SerializeToString())
    runs = [session.run(list(coded), dict(zip(names, arrays))) for arrays in given]
    values = dict(zip(coded, stack(runs)))
    for number, end in enumerate(ends):
        nodes, inputs, pending, seen = [], [], [end], set()
        while pending:
            node = pending.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            nodes.append(node)
            for name in node.input:
                if name in coded:
                    inputs.append(name) if name not in inputs else None
                elif name in producer:
                    pending.append(producer[name])
                elif name in names:
                    inputs = None
                    break
            if inputs is None:
                break
        if not inputs:
            continue
        kinds = [node.op_type for node in graph.node
                 if id(node) in seen and node.op_type not in ("QuantizeLinear", "DequantizeLinear")]
        used = {name for node in nodes for name in node.input}
        info = [onnx.helper.make_tensor_value_info(name, coded[name], values[name].shape[1:])
                for name in [*inputs, end.output[0]]]
        part = onnx.helper.make_graph(
            [node for node in graph.node if id(node) in seen], "layer", info[:-1], info[-1:],
            [tensor for tensor in graph.initializer if tensor.name in used])
        place = folder.parent / f"{folder.name}@{number:03}@{'+'.join(kinds) or 'requantization'}"
        write_case(place, place / "model.onnx", [values[name] for name in inputs], [values[end.output[0]]])
        onnx.save(onnx.helper.make_model(part, opset_imports=proto.opset_import, ir_version=proto.ir_version),
                  str(place / "model.onnx"))

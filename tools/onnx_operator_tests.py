"""ONNX's own operator tests, written as the test suite ONNXReferenceTests reads them, and the table of those that pass."""
import numpy
import onnx
from onnx import numpy_helper

from onnx_reference import open_session, write_case

# Operators whose operands are all activations; of the others the first one is.
ELEMENTWISE = ("Add", "Sub", "Mul", "Div", "Sum", "Mean", "Max", "Min", "Concat")
# Operators that a network applies to constants alone.
CONSTANT = ("Constant", "ConstantOfShape", "GatherElements", "GatherND", "Range", "Scatter", "ScatterElements",
            "ScatterND", "Where")
# Operators that only move elements, whatever their type: integers are tested as floats.
TYPELESS = ("Pad", "Reshape", "Transpose", "Slice", "Concat", "Tile", "Expand", "Gather", "Identity", "Flatten")
FLOAT, INTEGERS = 1, (6, 7, 9, 12, 13)


def pb_tensors(folder, kind):
    paths = sorted(folder.glob(f"{kind}_*.pb"), key=lambda path: int(path.stem.split("_")[1]))
    return [onnx.TensorProto.FromString(path.read_bytes()) for path in paths]


def operator_test(model, folder):
    """The operator tests feed weights, axes and limits as inputs: a copy of the model has them as initializers."""
    proto = onnx.load(model)
    graph, kind = proto.graph, proto.graph.node[0].op_type
    if any(not value.type.HasField("tensor_type") for value in [*graph.input, *graph.output]):
        raise ValueError("its values are sequences or optionals, not tensors")
    feeds = pb_tensors(model.parent / "test_data_set_0", "input")
    outputs = [numpy_helper.to_array(tensor) for tensor in pb_tensors(model.parent / "test_data_set_0", "output")]
    scales = numpy_helper.to_array(feeds[1]).size if kind in ("QuantizeLinear", "DequantizeLinear") else 1
    kept = []
    for position, (value, tensor) in enumerate(zip(list(graph.input), feeds)):
        array = numpy_helper.to_array(tensor)
        isData = (position == 0 or kind in ELEMENTWISE) and kind not in CONSTANT and scales == 1 and array.size > 0
        if isData and tensor.data_type in INTEGERS and kind in TYPELESS:
            value.type.tensor_type.elem_type = FLOAT
            array = array.astype(numpy.float32)
        if isData and value.type.tensor_type.elem_type not in INTEGERS:
            kept.append((value, array))
            continue
        tensor.name = value.name
        graph.initializer.append(tensor)
        graph.input.remove(value)
    if kind == "Pad":  # the third input is the constant that it fills with
        for tensor in graph.initializer:
            if tensor.name in graph.node[0].input[2:3]:
                tensor.CopyFrom(numpy_helper.from_array(
                    numpy_helper.to_array(tensor).astype(numpy.float32), tensor.name))
    if kind == "QLinearMatMul" and kept[0][1].ndim == 2:  # rows are inputs of their own
        value, array = kept[0]
        value.type.tensor_type.shape.dim[0].dim_value = 1
        given, expected = [array[:, None, :]], [outputs[0][:, None, :]]
    else:
        expected = [array[None] for array in outputs]
        given = []
    known = {value.name for value, _ in kept}
    for node in graph.node:
        if node.op_type not in ("Shape", "Size") and known & set(node.input):
            known.update(node.output)
    for position, value in enumerate(list(graph.output)):
        if value.name in known:
            continue
        # A result that no activation decides is added to zeros, which an input gives.
        if outputs[position].size == 0:
            raise ValueError("its result is empty")
        expected[position] = outputs[position].reshape(outputs[position].shape or (1,))[None]
        zeros = numpy.zeros(expected[position].shape[1:], numpy.float32)
        graph.node.append(onnx.helper.make_node("Cast", [value.name], [f"{value.name}.float"], to=FLOAT))
        graph.node.append(onnx.helper.make_node("Add", [f"zeros{position}", f"{value.name}.float"],
                                                [f"{value.name}.sum"]))
        graph.input.append(onnx.helper.make_tensor_value_info(f"zeros{position}", FLOAT, zeros.shape))
        graph.output[position].CopyFrom(
            onnx.helper.make_tensor_value_info(f"{value.name}.sum", FLOAT, zeros.shape))
        kept.append((graph.input[-1], zeros))
    write_case(folder, folder / "model.onnx", given or [array[None] for _, array in kept], expected)
    for entry in proto.opset_import:  # the oldest tests name sets before 7, but their operators did not change then
        entry.version = max(entry.version, 7) if entry.domain == "" else entry.version
    onnx.save(proto, str(folder / "model.onnx"))


def runtime_differs(model):
    """Whether ONNX Runtime itself gives something else than the test expects."""
    feeds = [numpy_helper.to_array(tensor) for tensor in pb_tensors(model.parent / "test_data_set_0", "input")]
    expected = [numpy_helper.to_array(tensor) for tensor in pb_tensors(model.parent / "test_data_set_0", "output")]
    try:
        session = open_session(str(model))
        found = session.run(None, dict(zip([entry.name for entry in session.get_inputs()], feeds)))
    except Exception:
        return True
    return any(one.shape != other.shape or not numpy.allclose(one, other, rtol=1e-4, atol=1e-5)
               for one, other in zip(found, expected))


def verdict(count):
    """Why a test does not pass; None when it does."""
    if count.get("failure") or count.get("unsupported"):
        return count.get("failure") or count["unsupported"]
    if count["isQuantized"]:
        return f"{count['differing']} of {count['values']} values differ" if count["differing"] else None
    return None if count["relative"] <= 1e-4 else f"differs by {count['relative']:.0e}"


def write_markdown(path, counts, places):
    rows, passed = [], {}
    for count in counts:
        kind = onnx.load(places[count["name"]]).graph.node[0].op_type
        passed.setdefault(kind, [0, 0])[1] += 1
        reason = verdict(count)
        if reason is None:
            passed[kind][0] += 1
            continue
        if reason.startswith("differs") and runtime_differs(places[count["name"]]):
            reason += " from the file, and so does ONNX Runtime"
        rows.append((count["name"], reason.split("\n")[0].replace("|", "\\|")))
    total = sum(entry[0] for entry in passed.values())
    lines = ["# ONNX operators", "",
             "ONNX's own operator tests (release 1.12, those of operators that image networks use), generated by", "", "```",
             "tools/compare-onnxruntime --operator-tests FOLDER --markdown Documentation/ONNXOperators.md", "```", "",
             "Weights, axes and limits are constants, as in a network; what ONNX computes from constants alone is added to",
             "zeros. Float operators pass within 10⁻⁴ of the largest value, quantized ones, packed and run, byte for byte.", "",
             f"**{total} of {len(counts)} tests pass.**", "", "| operator | passed | of |", "|---|---|---|"]
    lines += [f"| {kind} | {entry[0]} | {entry[1]} |" for kind, entry in sorted(passed.items())]
    lines += ["", "## Tests that do not pass", "", "| test | reason |", "|---|---|"]
    lines += [f"| {name} | {reason} |" for name, reason in sorted(rows)]
    path.write_text("\n".join(lines) + "\n")

"""Reading and cutting `.tflite` files, and running them with LiteRT and TFLite Micro (both are only needed when used)."""
import os, pathlib, re, struct, tempfile

TYPES = {0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 9: "int8"}


class Network:
    """A file's first network, and the places in it that are changed to give it other names, inputs and outputs."""

    def __init__(self, data):
        self.data = bytearray(data)
        root = self.target(0)
        subgraphs = self.target(self.field(root, 2))
        self.table = self.target(subgraphs + 4)
        self.tensors = self.list_of_tables(self.table, 0)
        self.codes = self.list_of_tables(root, 1)
        self.operators = self.list_of_tables(self.table, 3)

    def word(self, offset):
        return struct.unpack_from("<I", self.data, offset)[0]

    def target(self, offset):
        return offset + self.word(offset)

    def field(self, table, index):
        start = table - struct.unpack_from("<i", self.data, table)[0]
        if 4 + 2 * index >= struct.unpack_from("<H", self.data, start)[0]:
            return None
        offset = struct.unpack_from("<H", self.data, start + 4 + 2 * index)[0]
        return table + offset if offset else None

    def list_of_tables(self, table, index):
        place = self.field(table, index)
        if place is None:
            return []
        start = self.target(place)
        return [self.target(start + 4 + 4 * number) for number in range(self.word(start))]

    def numbers(self, table, index):
        place = self.field(table, index)
        if place is None:
            return []
        start = self.target(place)
        return list(struct.unpack_from(f"<{self.word(start)}i", self.data, start + 4))

    def type(self, tensor):
        place = self.field(self.tensors[tensor], 1)
        return TYPES.get(self.data[place] if place else 0, "other")

    def inputs(self):
        return self.numbers(self.table, 1)

    def outputs(self):
        return self.numbers(self.table, 2)

    def operator_code(self, operator):
        """The schema's number of the operator's kind."""
        place = self.field(self.operators[operator], 0)
        table = self.codes[self.word(place) if place else 0]
        old, new = self.field(table, 0), self.field(table, 3)
        return max(struct.unpack_from("<b", self.data, old)[0] if old else 0, self.word(new) if new else 0)

    def operator_outputs(self, operator):
        return self.numbers(self.operators[operator], 2)

    def rename(self):
        """Gives every tensor a name of its own, #0, #1 …: names in files may be empty, alike, or very long."""
        for index, tensor in enumerate(self.tensors):
            place = self.field(tensor, 3)
            if place is None:
                continue
            self.data += b"\0" * (-len(self.data) % 4)
            name = f"#{index}".encode()
            struct.pack_into("<I", self.data, place, len(self.data) - place)
            self.data += struct.pack("<I", len(name)) + name + b"\0"

    def with_outputs(self, outputs):
        """The file with other outputs."""
        kept = bytes(self.data)
        self.data += b"\0" * (-len(self.data) % 4)
        place = self.field(self.table, 2)
        struct.pack_into("<I", self.data, place, len(self.data) - place)
        self.data += struct.pack(f"<{len(outputs) + 1}I", len(outputs), *outputs)
        # Signatures would still name the old outputs.
        signatures = self.field(self.target(0), 7)
        if signatures:
            struct.pack_into("<I", self.data, self.target(signatures), 0)
        result, self.data = bytes(self.data), bytearray(kept)
        return result

    def computed(self):
        """The tensors that operators compute, each once, with the operator's number."""
        found = {}
        for operator in range(len(self.operators)):
            for tensor in self.operator_outputs(operator):
                if tensor >= 0 and self.type(tensor) in ("int8", "uint8", "int16", "int32", "float32"):
                    found.setdefault(tensor, operator)
        return found


def litert(model, threads=1, delegate=True):
    """LiteRT with its default delegate, XNNPACK, or with its built-in kernels alone."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    kernels = OpResolverType.AUTO if delegate else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(
        model_content=bytes(model), num_threads=threads, experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    return interpreter


def litert_names(interpreter, count):
    """What LiteRT calls the kinds of the file's operators; what its delegates add comes after."""
    return [entry["op_name"] for entry in interpreter._get_ops_details()][:count]


class LiteRT:
    """All wanted tensors of a network by LiteRT."""

    def __init__(self, network, wanted, delegate):
        self.interpreter = litert(network.with_outputs(wanted), delegate=delegate)
        self.inputs = [entry["index"] for entry in self.interpreter.get_input_details()]
        self.wanted = wanted

    def values(self, example):
        for index, array in zip(self.inputs, example):
            self.interpreter.set_tensor(index, array)
        self.interpreter.invoke()
        return [self.interpreter.get_tensor(index) for index in self.wanted]


class Micro:
    """All wanted tensors of a network by TFLite Micro's reference kernels."""

    def __init__(self, network, wanted):
        from tflite_micro.python.tflite_micro import runtime
        with QuietErrors():
            self.interpreter = runtime.Interpreter.from_bytes(
                bytes(network.data), arena_size=256 << 20,
                intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors)
        self.wanted = wanted

    def values(self, example):
        for index, array in enumerate(example):
            self.interpreter.set_input(array, index)
        self.interpreter.invoke()
        return [self.interpreter.GetTensor(index, 0)["tensor_data"].copy() for index in self.wanted]


class QuietErrors:
    """Catches what a library writes to standard error; `text` has it afterwards."""

    def __enter__(self):
        self.file, self.kept, self.text = tempfile.TemporaryFile(), os.dup(2), ""
        os.dup2(self.file.fileno(), 2)
        return self

    def __exit__(self, *_):
        os.dup2(self.kept, 2)
        os.close(self.kept)
        self.file.seek(0)
        self.text = self.file.read().decode(errors="replace")


def micro_interpreter(data):
    from tflite_micro.python.tflite_micro import runtime
    with QuietErrors() as errors:
        try:
            return runtime.Interpreter.from_bytes(bytes(data), arena_size=64 << 20)
        except Exception as problem:  # the package raises several kinds
            reason = problem
    raise RuntimeError(f"TFLite Micro does not run it: {errors.text.strip().splitlines()[:1] or reason}")


def micro_arena(data, example):
    """Bytes of TFLite Micro's arena that a run takes."""
    interpreter = micro_interpreter(data)
    for index, array in enumerate(example):
        interpreter.set_input(array, index)
    interpreter.invoke()
    with QuietErrors() as errors:
        interpreter.print_allocations()
    found = re.search(r"Arena allocation total (\d+) bytes", errors.text)
    return int(found.group(1)) if found else None


def files(paths):
    """The .tflite files among paths and in folders."""
    found = []
    for path in paths:
        path = pathlib.Path(path)
        found += sorted(path.glob("*.tflite")) if path.is_dir() else [path]
    return found

"""What each runtime of tools/peers-bench runs, and how: model files made once, runs in a process of their own."""
import importlib.util, json, os, pathlib, statistics, subprocess, sys, time

import peers_ncnn
from peers_networks import DEFINITIONS, INPUTS, Network

# Files of the models folder: network → (float ONNX or None, int8 tflite or None).
FILES = {
    "resnet-8": (None, "cifar10_mlperf-tiny-resnet8_int8.tflite"),
    "vww": (None, "vww_mlperf-tiny-mobilenet-v1-0.25_96_int8.tflite"),
    "kws": (None, "kws_mlperf-tiny-dscnn_int8.tflite"),
    "ad": (None, "ad_mlperf-tiny-autoencoder_int8.tflite"),
    "squeezenet-1.0": ("imagenet_squeezenet-1.0dc_227_f32.onnx", None),
    "resnet-20": ("cifar10_resnet20_f32.onnx", None),
    "resnet-56": ("cifar10_resnet56_f32.onnx", None),
    "mobilenet-v1-0.25-128": ("imagenet_mobilenet-v1-0.25_128_f32.onnx", None),
}
PEERS = ["litert", "litert-compiled", "ort", "openvino", "ncnn"]
# Those that run float networks, too.
FLOAT_PEERS = ["ort", "openvino", "ncnn"]
# What Python calls each peer's package.
PACKAGES = {"litert": "ai_edge_litert", "litert-compiled": "ai_edge_litert", "ort": "onnxruntime"}
# Runtimes that can be told to leave AVX-512 alone, and how.
RESTRICTED = {"openvino": {"ONEDNN_MAX_CPU_ISA": "AVX2"}}


# MARK: Files

def float_file(name, models, out):
    given = FILES.get(name, (None, None))[0]
    if given:
        return models / given if (models / given).exists() else None
    if name not in DEFINITIONS:
        return None
    path = out / f"{name}.onnx"
    if not path.exists():
        net = Network(name)
        DEFINITIONS[name](net)
        net.save(path)
    return path


def tflite_file(name, models, out):
    """The trained file, or the definition's."""
    given = FILES.get(name, (None, None))[1]
    if given:
        return models / given if (models / given).exists() else None
    if name not in DEFINITIONS:
        return None
    path = out / f"{name}.int8.tflite"
    if not path.exists():
        from peers_tflite import TFLiteNetwork
        net = TFLiteNetwork(name)
        DEFINITIONS[name](net)
        net.save(path)
    return path


def onnx_input(path):
    import onnx
    model = onnx.load(str(path))
    constants = {entry.name for entry in model.graph.initializer}
    entry = next(entry for entry in model.graph.input if entry.name not in constants)
    return entry.name, [dimension.dim_value or 1 for dimension in entry.type.tensor_type.shape.dim]


def random_inputs(shape, count=4):
    import numpy
    random = numpy.random.default_rng(3)
    return [random.standard_normal(shape).clip(-2.5, 2.5).astype(numpy.float32) for _ in range(count)]


def martlet_model(martlet, name, models, out, threads=1, arena=None):
    """The trained .tflite where there is one, else the float ONNX file; the default plan for so many threads, or --arena."""
    import numpy
    target = out / ("-".join([name] + ([arena] if arena else []) + [f"{threads}t"]) + ".martlet")
    trained = FILES.get(name, (None, None))[1]
    source = tflite_file(name, models, out) if trained else float_file(name, models, out)
    if source is None or (target.exists() and target.stat().st_mtime > martlet.stat().st_mtime):
        return target if source else None
    command = [str(martlet), "convert", str(source), "--out", str(target), "--threads", str(threads), "--skip-gains"]
    command += ["--arena", arena] if arena else []
    if not trained:
        _, shape = onnx_input(source)
        calibration = out / f"{name}.npy"
        arrays = numpy.concatenate(random_inputs(shape))
        numpy.save(calibration, numpy.ascontiguousarray(arrays.transpose(0, 2, 3, 1)))
        command += ["--calibrate", str(calibration)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return target
    print(f"{name}: martlet convert: {(done.stderr.strip() or 'failed').splitlines()[-1]}", file=sys.stderr)
    return None


def ort_model(name, models, out):
    """ONNX Runtime's own static quantization: 8-bit unsigned activations, weights a channel."""
    source = float_file(name, models, out)
    target = out / f"{name}.ort-int8.onnx"
    if source is None or target.exists():
        return target if source else None
    from onnxruntime import quantization
    from onnxruntime.quantization import shape_inference
    input_name, shape = onnx_input(source)

    class Reader(quantization.CalibrationDataReader):
        items = iter(random_inputs(shape))

        def get_next(self):
            item = next(self.items, None)
            return None if item is None else {input_name: item}

    prepared = out / f"{name}.prepared.onnx"
    shape_inference.quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    quantization.quantize_static(
        str(prepared), str(target), Reader(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
        activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)
    return target


def openvino_model(name, models, out):
    """What NNCF, OpenVINO's own quantizer, makes of the float network."""
    source = float_file(name, models, out)
    target = out / f"{name}.openvino-int8.xml"
    if source is None or target.exists():
        return target if source else None
    import nncf, openvino
    _, shape = onnx_input(source)
    quantized = nncf.quantize(
        openvino.Core().read_model(str(source)), nncf.Dataset(random_inputs(shape)), subset_size=4)
    openvino.save_model(quantized, str(target), compress_to_fp16=False)
    return target


def is_installed(kind):
    return importlib.util.find_spec(PACKAGES.get(kind, kind)) is not None


def ncnn_model(name, out, is_float):
    """The definition's layers as ncnn's own files."""
    if name not in DEFINITIONS:
        return None
    target = out / f"{name}.ncnn-{'float' if is_float else 'int8'}.param"
    if not target.exists():
        net = peers_ncnn.NcnnNetwork(name, *INPUTS.get(name, ((224, 224), 3)), not is_float)
        DEFINITIONS[name](net)
        net.save(target)
    return target


def peer_model(kind, name, models, out, is_float):
    if kind == "ncnn":
        return ncnn_model(name, out, is_float)
    if is_float:
        return float_file(name, models, out) if kind in FLOAT_PEERS else None
    if kind.startswith("litert"):
        return tflite_file(name, models, out)
    return (ort_model if kind == "ort" else openvino_model)(name, models, out)


# MARK: Runs

def ort_runner(path, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    binding = session.io_binding()
    shape = [size if isinstance(size, int) else 1 for size in entry.shape]
    binding.bind_cpu_input(entry.name, random_inputs(shape, 1)[0])
    for output in session.get_outputs():
        binding.bind_output(output.name)
    return lambda: session.run_with_iobinding(binding)


def litert_runner(path, threads):
    import numpy
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(path, num_threads=threads)
    interpreter.allocate_tensors()
    for entry in interpreter.get_input_details():
        values = numpy.random.default_rng(1).integers(-100, 100, entry["shape"])
        interpreter.set_tensor(entry["index"], values.astype(entry["dtype"]))
    return interpreter.invoke


def litert_compiled_runner(path, threads):
    import numpy
    from ai_edge_litert.compiled_model import CompiledModel
    from ai_edge_litert.hardware_accelerator import HardwareAccelerator
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_litert.options import CpuOptions, Options
    shape = Interpreter(path).get_input_details()[0]["shape"]
    model = CompiledModel.from_file(path, options=Options(
        hardware_accelerators=HardwareAccelerator.CPU, cpu_options=CpuOptions(num_threads=threads)))
    inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
    inputs[0].write(numpy.random.default_rng(1).integers(-100, 100, shape).astype(numpy.int8))
    return lambda: model.run_by_index(0, inputs, outputs)


def openvino_runner(path, threads):
    import openvino
    model = openvino.Core().compile_model(path, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32"})
    request = model.create_infer_request()
    shape = [int(size) for size in model.input(0).shape]
    request.set_input_tensor(openvino.Tensor(random_inputs(shape, 1)[0]))

    def run():
        request.start_async()
        request.wait()
    return run


RUNNERS = {"ort": ort_runner, "litert": litert_runner, "litert-compiled": litert_compiled_runner,
           "openvino": openvino_runner, "ncnn": peers_ncnn.runner}


def serve(kind, path, threads):
    """Answers each line (seconds) on standard input with the run times in milliseconds."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    run = RUNNERS[kind](path, threads)
    for _ in range(5):
        run()
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        for _ in range(3):
            run()
        times, end = [], time.perf_counter() + float(line)
        while len(times) < 10 or time.perf_counter() < end:
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) * 1e3)
        print(json.dumps(times), file=answers, flush=True)


class Peer:
    def __init__(self, kind, path, threads, environment):
        main = pathlib.Path(__file__).with_name("peers-bench")
        self.process = subprocess.Popen(
            [sys.executable, str(main), "--serve", kind, str(path), str(threads)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **environment})
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"it does not run {path.name}")

    def measure(self, seconds):
        print(seconds, file=self.process.stdin, flush=True)
        times = json.loads(self.process.stdout.readline())
        return min(times), statistics.median(times)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Martlet:
    def __init__(self, martlet, path, threads, environment):
        self.martlet, self.path, self.threads, self.runs = martlet, str(path), threads, 20
        self.environment = {**os.environ, **environment}

    def measure(self, seconds):
        command = [str(self.martlet), "bench", self.path, "--threads", str(self.threads), "--runs", str(self.runs), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=self.environment)
        latency = json.loads(done.stdout)["latency_ms"]
        self.runs = max(10, int(seconds * 1e3 / latency["median"]))
        return latency["min"], latency["median"]

    def close(self):
        pass

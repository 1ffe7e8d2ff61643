"""Fresh processes: how long a network takes to load and to run first, and what memory the process then holds."""
import re, statistics, subprocess, sys, time

import peers_runtimes as runtimes

# Prints load and first run in milliseconds, and what the interpreter added to the process's private memory.
LITERT = """
import sys, time
import numpy
from ai_edge_litert.interpreter import Interpreter
def private():
    return int(open("/proc/self/status").read().split("RssAnon:")[1].split()[0]) * 1024
before, start = private(), time.perf_counter()
interpreter = Interpreter(sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
for entry in interpreter.get_input_details():
    interpreter.set_tensor(entry["index"], numpy.zeros(entry["shape"], entry["dtype"]))
loaded = time.perf_counter()
interpreter.invoke()
done = time.perf_counter()
print((loaded - start) * 1e3, (done - loaded) * 1e3, private() - before)
"""


def litert(path):
    done = subprocess.run([sys.executable, "-c", LITERT, str(path)], capture_output=True, text=True, check=True)
    load, first, memory = map(float, done.stdout.split())
    return {"load_ms": load, "first_run_ms": first, "private_bytes": memory}


def martlet_run(program, path):
    """What `martlet-run` says of itself, and the whole process from start to end."""
    start = time.perf_counter()
    done = subprocess.run([str(program), str(path)], capture_output=True, text=True, check=True)
    whole = (time.perf_counter() - start) * 1e3
    text = done.stdout
    first, load = (float(value) for value in re.search(r"latency ([\d.]+) ms after loading in ([\d.]+) ms", text).groups())
    memory = float(re.search(r"private memory (\d+) bytes", text).group(1))
    arena = float(re.search(r"arena (\d+) bytes", text).group(1))
    return {"load_ms": load, "first_run_ms": first, "private_bytes": memory, "arena_bytes": arena, "process_ms": whole}


def programs(martlet):
    """martlet-run as a package product, and as tools/build-embedded makes it."""
    found = {"martlet-run": martlet.with_name("martlet-run"),
             "embedded": martlet.parent.parent / "embedded" / "martlet-run"}
    return {name: path for name, path in found.items() if path.exists()}


def table(martlet, arguments):
    print("milliseconds of a fresh process, minimum (median): load + first run = answer; private memory; the process whole")
    rows = []
    for name in arguments.networks:
        model = runtimes.martlet_model(martlet, name, arguments.models, arguments.out)
        tflite = runtimes.tflite_file(name, arguments.models, arguments.out)
        runs = {kind: lambda program=program: martlet_run(program, model) for kind, program in programs(martlet).items()}
        if tflite and "litert" in arguments.peers:
            runs["litert"] = lambda: litert(tflite)
        samples = {kind: [] for kind in runs}
        for _ in range(max(5, arguments.rounds)):
            for kind, run in runs.items():
                samples[kind].append(run())
        row = {"network": name}
        for kind, entries in samples.items():
            for entry in entries:
                entry["answer_ms"] = entry["load_ms"] + entry["first_run_ms"]
            for key in entries[0]:
                row[f"{kind}_{key}_min"] = min(entry[key] for entry in entries)
                row[f"{kind}_{key}_median"] = statistics.median(entry[key] for entry in entries)
            show(name, kind, row)
        rows.append(row)
        for kind in samples:
            if kind != "litert" and "litert" in samples:
                row[f"{kind}_ratio"] = row[f"{kind}_answer_ms_min"] / row["litert_answer_ms_min"]
                print(f"{name:<20} {kind} ÷ litert {row[f'{kind}_ratio']:.3f}")
    return rows


def show(name, kind, row):
    def cell(key):
        return f"{row[f'{kind}_{key}_min']:.3f} ({row[f'{kind}_{key}_median']:.3f})"
    memory = f"{row[f'{kind}_private_bytes_median']:,.0f} bytes"
    if f"{kind}_arena_bytes_min" in row:
        memory += f", of which arena {row[f'{kind}_arena_bytes_min']:,.0f}"
    whole = f"; process {cell('process_ms')}" if f"{kind}_process_ms_min" in row else ""
    print(f"{name:<20} {kind:<12} {cell('load_ms')} + {cell('first_run_ms')} = {cell('answer_ms')}; {memory}{whole}", flush=True)

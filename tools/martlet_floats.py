"""What `martlet run` answers in float."""
import os
import pathlib
import subprocess

import numpy

import scratch

ROOT = pathlib.Path(__file__).resolve().parent.parent


def answer(network, values, flags):
    """The first output's numbers for one input, 1×C×H×W; `flags` say of which architecture a checkpoint is."""
    with scratch.folder() as folder:
        source, result = pathlib.Path(folder, "input.npy"), pathlib.Path(folder, "output.npy")
        numpy.save(source, values)
        tool = os.environ.get("MARTLET_TOOL", ROOT / ".build/release/martlet")
        command = [tool, "run", network, source, *flags, "--output", result]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{network}: {done.stderr.strip()}")
        return numpy.load(result).ravel()


def difference(found, expected):
    """The largest one, relative to the deviation of what is expected."""
    return float(abs(found - expected).max() / expected.std())

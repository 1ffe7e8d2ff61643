"""The package against `martlet run`: python -m unittest, with MARTLET_TEST_MODEL and MARTLET_TOOL set (tools/test-c-library)."""

import ctypes
import json
import os
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import martlet
import numpy
from martlet import _model

MODEL = os.environ["MARTLET_TEST_MODEL"]
TOOL = os.environ["MARTLET_TOOL"]


def tool_outputs(array):
    """What the command line makes of this array."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input.npy"
        numpy.save(path, array)
        result = subprocess.run([TOOL, "run", MODEL, str(path), "--json"], check=True, capture_output=True, text=True)
    return numpy.array(json.loads(result.stdout)["outputs"][0]["values"], numpy.float32)


class ModelTests(unittest.TestCase):
    def setUp(self):
        self.model = martlet.Model(MODEL)
        self.addCleanup(self.model.close)
        self.shape = self.model.inputs[0].shape

    def image(self, seed=1):
        return numpy.random.default_rng(seed).normal(size=self.shape).astype(numpy.float32)

    def test_outputs_are_those_of_the_tool(self):
        for seed in range(4):
            ours = self.model(self.image(seed))
            self.assertEqual(ours.dtype, numpy.float32)
            self.assertEqual(ours.shape, self.model.outputs[0].shape)
            numpy.testing.assert_allclose(ours.ravel(), tool_outputs(self.image(seed)).ravel(), rtol=1e-6)

    def test_inputs_of_other_shapes_and_types(self):
        image = self.image()
        expected = self.model(image)
        numpy.testing.assert_array_equal(self.model(image[None]), expected)
        numpy.testing.assert_array_equal(self.model(image.astype(numpy.float64)), expected)
        numpy.testing.assert_array_equal(self.model(numpy.asfortranarray(image)), expected)
        tensor = self.model.inputs[0]
        values = numpy.clip(numpy.round(image / tensor.scale) + tensor.zero_point, -128, 127).astype(numpy.int8)
        numpy.testing.assert_array_equal(self.model(values), expected)
        self.assertEqual(self.model.values().dtype, self.model.outputs[0].dtype)

    def test_refusals_are_sentences(self):
        with self.assertRaisesRegex(martlet.ModelError, "resize or crop"):
            self.model(numpy.zeros((3, 3), numpy.float32))
        with self.assertRaises(TypeError):
            self.model(numpy.zeros(self.shape, numpy.complex64))
        with self.assertRaises(TypeError):
            self.model()
        data = bytearray(Path(MODEL).read_bytes())
        data[len(data) // 2] ^= 1
        with tempfile.TemporaryDirectory() as folder:
            bad = Path(folder) / "bad.martlet"
            bad.write_bytes(data)
            with self.assertRaisesRegex(martlet.ModelError, "not those that were written"):
                martlet.Model(bad)
            bad.write_bytes(b"")
            with self.assertRaisesRegex(martlet.ModelError, "empty"):
                martlet.Model(bad)

    def test_small_or_misaligned_session_memory_is_named(self):
        size, arena = os.path.getsize(MODEL), _model._aligned(self.model.arena_bytes)
        data = _model._aligned(size)
        data[:] = numpy.fromfile(MODEL, numpy.uint8)
        needed = _model._lib.martlet_session_bytes()
        memory = _model._aligned(needed + 16)
        for start, count in ((0, needed - 1), (8, needed)):
            session = ctypes.c_void_p(1)
            fault = _model._lib.martlet_session_open(
                data.ctypes.data, size, arena.ctypes.data, arena.size, memory.ctypes.data + start, count, ctypes.byref(session))
            self.assertEqual((fault.code, fault.detail, session.value), (256, needed, None))
            self.assertIn("martlet_session_bytes", _model._lib.martlet_explanation(fault.code).decode())
            self.assertIn("martlet_session_bytes", _model._lib.martlet_remedy(fault.code).decode())

    def test_models_of_several_threads_agree(self):
        expected = self.model(self.image())
        results = []

        def work():
            with martlet.Model(MODEL) as model:
                for _ in range(20):
                    results.append(numpy.array_equal(model(self.image()), expected))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [True] * 80)


if __name__ == "__main__":
    unittest.main()

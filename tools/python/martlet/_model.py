"""A packed model in Python."""

import ctypes
import mmap
import os
from dataclasses import dataclass

import numpy

from . import _library

_lib = _library.load()
_ELEMENTS = {0: numpy.int8, 1: numpy.int16, 2: numpy.int32}


class ModelError(ValueError):
    """A model or its data was refused: the file, the reason, the remedy. `code` is the fault's number."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Tensor:
    """An input or output: real value = scale × (value − zero_point)."""

    name: str
    shape: tuple
    dtype: type
    scale: float
    zero_point: int


def _aligned(count):
    """`count` bytes that begin at a multiple of 64."""
    memory = numpy.empty(count + 64, numpy.uint8)
    start = -memory.ctypes.data % 64
    return memory[start:start + count]


class Model:
    """A packed network, verified and ready to run. The file must stay as it is while the model is open."""

    def __init__(self, path):
        self._session = None
        self.path = os.fspath(path)
        with open(self.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise ModelError(f"{self.path} is empty", 1)
            self._file = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
        self._bytes = numpy.frombuffer(self._file, numpy.uint8)
        needed = ctypes.c_size_t()
        self._check(_lib.martlet_model_verify(self._bytes.ctypes.data, size, ctypes.byref(needed)))
        self.arena_bytes = needed.value
        self._arena, self._memory = _aligned(self.arena_bytes), _aligned(_lib.martlet_session_bytes())
        session = ctypes.c_void_p()
        self._check(_lib.martlet_session_open(
            self._bytes.ctypes.data, size, self._arena.ctypes.data, self._arena.size, self._memory.ctypes.data,
            self._memory.size, ctypes.byref(session)))
        self._session = session
        self.inputs = tuple(self._tensor(i, "input") for i in range(_lib.martlet_session_input_count(session)))
        self.outputs = tuple(self._tensor(i, "output") for i in range(_lib.martlet_session_output_count(session)))
        self.labels = tuple(self._label(i) for i in range(_lib.martlet_session_label_count(session)))
        self.kernels = _lib.martlet_session_kernels(session).decode()
        self.takes_rows = bool(_lib.martlet_session_takes_rows(session))

    def __call__(self, *inputs):
        """The real outputs for these inputs, one array each: an array for a network of one output, else a tuple.

        float32 arrays are real values; int8 (int16) arrays are an input's own values; a uint8 array is a picture of exactly the
        first input's size, which the file's preprocessing turns into values. Shapes are height × width × channels; other
        shapes of as many values, such as with a batch of 1 in front, are taken in order.
        """
        if len(inputs) != len(self.inputs):
            raise TypeError(f"{self.path} takes {len(self.inputs)} inputs, not {len(inputs)}")
        arrays = [self._prepared(array, tensor) for array, tensor in zip(inputs, self.inputs)]
        for index, array in reversed(list(enumerate(arrays))):
            self._push(array) if self.takes_rows and index == 0 else self._set(index, array)
        if not self.takes_rows:
            _lib.martlet_session_run(self._session)
        outputs = tuple(self._reals(index) for index in range(len(self.outputs)))
        return outputs[0] if len(outputs) == 1 else outputs

    def values(self, index=0):
        """An output's own quantized values after a call."""
        tensor = self.outputs[index]
        values = numpy.empty(tensor.shape, numpy.int32)
        self._check(_lib.martlet_session_get_values(self._session, index, values.ctypes.data, values.size))
        return values.astype(tensor.dtype)

    def reset(self):
        """Makes a network with states forget earlier calls."""
        _lib.martlet_session_reset(self._session)

    def close(self):
        """Gives the memory back; the model cannot be called any more."""
        if self._session is not None:
            _lib.martlet_session_close(self._session)
            self._session = None
            del self._bytes
            self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        shapes = ", ".join("×".join(map(str, t.shape)) for t in self.inputs)
        return f"<martlet.Model {self.path}: {shapes}, arena {self.arena_bytes} bytes, {self.kernels}>"

    def _prepared(self, array, tensor):
        array = numpy.asarray(array)
        if array.dtype.kind == "f":
            array = array.astype(numpy.float32, copy=False)
        elif array.dtype not in (numpy.uint8, tensor.dtype):
            raise TypeError(f"{tensor.name} takes float32, uint8 pixels or {tensor.dtype.__name__}, not {array.dtype}")
        if array.size != numpy.prod(tensor.shape):
            raise ModelError(
                f"{tensor.name} of {self.path} has the shape {tensor.shape}, not {array.shape}: resize or crop it", 19)
        return numpy.ascontiguousarray(array)

    def _set(self, index, array):
        if array.dtype == numpy.float32:
            fault = _lib.martlet_session_set_reals(self._session, index, array.ctypes.data, array.size)
        elif array.dtype == numpy.uint8:
            fault = _lib.martlet_session_set_pixels(self._session, array.ctypes.data, array.size)
        else:
            fault = _lib.martlet_session_set_values(self._session, index, array.ctypes.data, array.nbytes)
        self._check(fault)

    def _push(self, array):
        pushes = {numpy.dtype(numpy.float32): _lib.martlet_session_push_reals,
                  numpy.dtype(numpy.uint8): _lib.martlet_session_push_pixels}
        if array.dtype not in pushes:
            raise TypeError(f"{self.path} takes its first input row by row, as float32 or uint8")
        for row in array.reshape(self.inputs[0].shape[0], -1):
            done = ctypes.c_int32()
            self._check(pushes[array.dtype](self._session, row.ctypes.data, row.size, ctypes.byref(done)))

    def _reals(self, index):
        values = numpy.empty(self.outputs[index].shape, numpy.float32)
        self._check(_lib.martlet_session_get_reals(self._session, index, values.ctypes.data, values.size))
        return values

    def _tensor(self, index, kind):
        record = _library.TensorRecord()
        self._check(getattr(_lib, f"martlet_session_{kind}")(self._session, index, ctypes.byref(record)))
        size = ctypes.c_size_t()
        start = getattr(_lib, f"martlet_session_{kind}_name")(self._session, index, ctypes.byref(size))
        name = ctypes.string_at(start, size.value).decode() if start else f"{kind} {index}"
        return Tensor(name, (record.height, record.width, record.channels), _ELEMENTS[record.element], record.scale,
                      record.zero_point)

    def _label(self, index):
        size = ctypes.c_size_t()
        start = _lib.martlet_session_label(self._session, index, ctypes.byref(size))
        return ctypes.string_at(start, size.value).decode(errors="replace") if start else ""

    def _check(self, fault):
        if fault.code:
            place = "" if fault.index == 0xFFFF else f" (number {fault.index})"
            raise ModelError(f"{self.path}: {_lib.martlet_explanation(fault.code).decode()}{place}. "
                             f"{_lib.martlet_remedy(fault.code).decode()}", fault.code)

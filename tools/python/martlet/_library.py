"""The functions of martlet.h."""

import ctypes
import os
from ctypes import POINTER, c_char, c_float, c_int32, c_size_t, c_uint8, c_uint16, c_uint32, c_void_p
from pathlib import Path

INTERFACE_VERSION = 1


class Fault(ctypes.Structure):
    """`martlet_fault`."""

    _fields_ = [("code", c_uint16), ("index", c_uint16), ("detail", c_uint32)]


class TensorRecord(ctypes.Structure):
    """`martlet_tensor`."""

    _fields_ = [("height", c_int32), ("width", c_int32), ("channels", c_int32), ("element", c_int32),
                ("scale", c_float), ("zero_point", c_int32)]


def load():
    """The library beside this file, or the one that MARTLET_LIBRARY names."""
    path = os.environ.get("MARTLET_LIBRARY") or str(Path(__file__).with_name("libmartlet.so"))
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"{path} cannot be loaded ({error}); tools/build-c-library makes it") from None
    text = ctypes.c_char_p
    session, size = c_void_p, POINTER(c_size_t)
    functions = {
        "interface_version": (c_int32, []),
        "explanation": (text, [c_uint16]),
        "remedy": (text, [c_uint16]),
        "model_verify": (Fault, [c_void_p, c_size_t, size]),
        "session_bytes": (c_size_t, []),
        "session_open": (Fault, [c_void_p, c_size_t, c_void_p, c_size_t, c_void_p, c_size_t, POINTER(session)]),
        "session_close": (None, [session]),
        "session_input_count": (c_int32, [session]),
        "session_output_count": (c_int32, [session]),
        "session_input": (Fault, [session, c_int32, POINTER(TensorRecord)]),
        "session_output": (Fault, [session, c_int32, POINTER(TensorRecord)]),
        "session_input_name": (POINTER(c_char), [session, c_int32, size]),
        "session_output_name": (POINTER(c_char), [session, c_int32, size]),
        "session_label_count": (c_int32, [session]),
        "session_label": (POINTER(c_char), [session, c_int32, size]),
        "session_kernels": (text, [session]),
        "session_takes_rows": (c_int32, [session]),
        "session_set_reals": (Fault, [session, c_int32, c_void_p, c_size_t]),
        "session_set_values": (Fault, [session, c_int32, c_void_p, c_size_t]),
        "session_set_pixels": (Fault, [session, c_void_p, c_size_t]),
        "session_push_reals": (Fault, [session, c_void_p, c_size_t, POINTER(c_int32)]),
        "session_push_pixels": (Fault, [session, c_void_p, c_size_t, POINTER(c_int32)]),
        "session_run": (None, [session]),
        "session_reset": (None, [session]),
        "session_get_reals": (Fault, [session, c_int32, c_void_p, c_size_t]),
        "session_get_values": (Fault, [session, c_int32, c_void_p, c_size_t]),
    }
    for name, (result, arguments) in functions.items():
        function = getattr(library, "martlet_" + name)
        function.restype, function.argtypes = result, arguments
    if library.martlet_interface_version() < INTERFACE_VERSION:
        raise ImportError(f"{path} is older than this package: build it again with tools/build-c-library")
    return library

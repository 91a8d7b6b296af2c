"""Reads and writes safetensors files of float32 and int64 as NumPy arrays."""

import json
import struct

import numpy as np

TYPES = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8")}


def read(path):
    """The tensors of a file by name."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        body = file.read()
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], TYPES[entry["dtype"]]).reshape(
            entry["shape"]
        )
        for name, entry in header.items()
    }


def write(path, tensors, metadata=None):
    """Writes tensors by name; `metadata` maps strings to strings."""
    header, at = ({"__metadata__": metadata} if metadata else {}), 0
    arrays = {}
    for name, tensor in tensors.items():
        dtype = next((key for key, own in TYPES.items() if own == tensor.dtype), None)
        if dtype is None:
            raise TypeError(f"{name} is {tensor.dtype}: expected float32 or int64")
        arrays[name] = np.ascontiguousarray(tensor)
        size = arrays[name].nbytes
        header[name] = {
            "dtype": dtype,
            "shape": list(tensor.shape),
            "data_offsets": [at, at + size],
        }
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(array.tobytes())
